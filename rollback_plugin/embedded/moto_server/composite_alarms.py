"""Evaluates moto's composite alarms on the states of the alarms they rest on.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html. Reason and reason data as in the
event of a composite alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html.
"""

import json
import sys
from datetime import UTC

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from rollback_plugin.embedded.cloudwatch.alarm_evaluation import AlarmState, timestamp_text
from rollback_plugin.embedded.cloudwatch.composite_rule import InvalidRule, alarms_named, rule_holds


def evaluate_composites(backend: CloudWatchBackend) -> None:
    """Set the state of every composite alarm; a rule that can't be evaluated leaves its alarm as it is, and is named in
    the server's log."""
    composites = [alarm for alarm in list(backend.alarms.values()) if alarm.rule is not None]
    # A composite may rest on others: each pass settles one level more, and alarms that rest on each other end here.
    for _ in composites:
        changed = [_evaluate(backend, alarm) for alarm in composites]
        if not any(changed):
            return


def _evaluate(backend: CloudWatchBackend, alarm: Alarm) -> bool:
    """Whether its state changed."""
    states = {name: AlarmState(each.state_value) for name, each in list(backend.alarms.items())}
    rule = str(alarm.rule)
    try:
        state = AlarmState.ALARM if rule_holds(rule, states) else AlarmState.OK
        children = [backend.alarms[name] for name in alarms_named(rule, states)]
    except InvalidRule as invalid:
        sys.stderr.write(f"composite alarm {alarm.name} was not evaluated: {invalid}\n")
        return False
    if state == alarm.state_value:
        return False
    trigger = max(children, key=lambda child: child.state_updated_timestamp, default=None)
    alarm.update_state(_reason(trigger, rule), _reason_data(trigger), state)
    return True


def _reason(trigger: Alarm | None, rule: str) -> str:
    if trigger is None:
        return f"The rule {rule} rests on no alarm."
    moment = trigger.state_updated_timestamp
    return f"{trigger.alarm_arn} transitioned to {trigger.state_value} at {moment:%A %d %B, %Y %H:%M:%S} UTC"


def _reason_data(trigger: Alarm | None) -> str:
    if trigger is None:
        return json.dumps({"triggeringAlarms": []})
    moment = timestamp_text(trigger.state_updated_timestamp.replace(tzinfo=UTC))
    state = {"value": trigger.state_value, "timestamp": moment}
    return json.dumps({"triggeringAlarms": [{"arn": trigger.alarm_arn, "state": state}]})
