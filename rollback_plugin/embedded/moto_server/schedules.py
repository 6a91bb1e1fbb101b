"""Rules of EventBridge with a rate, which moto keeps and never fires.

- A rate's countdown begins when the rule is made; the event says "Scheduled Event" and has no detail:
  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
- A rule with a schedule and no pattern gets no other events. moto takes a missing pattern for one that fits all.
- Not imitated: `cron(…)`.
"""

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from moto.events.models import EventsBackend, Rule, events_backends
from moto.events.utils import EventMessageType

_RATE = re.compile(r"rate\((?P<number>\d+) (?P<unit>minute|hour|day)s?\)")
_SOURCE = "aws.events"


class Schedules:
    """When the rules of an account's buses were last fired."""

    def __init__(self, account_id: str, clock: Callable[[], datetime]) -> None:
        self._account_id = account_id
        self._clock = clock
        self._last: dict[str, datetime] = {}

    def fire_due(self) -> None:
        """Fire every rule whose time has come since the last call."""
        now = self._clock()
        rules = {rule.arn: rule for rule in self._rules() if rule.state == "ENABLED"}
        for arn, rule in rules.items():
            period = _period(rule)
            if period is None:
                continue
            last = self._last.setdefault(arn, now)
            if now - last >= period:
                self._last[arn] = last + period
                rule.send_to_targets(self._event(rule, now))
        self._last = {arn: last for arn, last in self._last.items() if arn in rules}

    def _rules(self) -> list[Rule]:
        backends: list[EventsBackend] = list(events_backends[self._account_id].values())
        return [rule for backend in backends for bus in backend.event_buses.values() for rule in bus.rules.values()]

    def _event(self, rule: Rule, now: datetime) -> EventMessageType:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": _SOURCE,
            "account": self._account_id,
            "time": now.timestamp(),
            "region": rule.region_name,
            "resources": [rule.arn],
            "detail": {},
        }


def install() -> None:
    """Keep events of others from rules that have a schedule only."""
    send_to_targets = Rule.send_to_targets

    def send(self: Rule, original_event: EventMessageType, transform_input: bool = True) -> None:
        if self.scheduled_expression and not self.event_pattern.get_pattern() and original_event["source"] != _SOURCE:
            return
        send_to_targets(self, original_event, transform_input)

    Rule.send_to_targets = send  # type: ignore[method-assign]


def _period(rule: Rule) -> timedelta | None:
    found = _RATE.fullmatch(rule.scheduled_expression or "")
    return timedelta(**{f"{found['unit']}s": int(found["number"])}) if found else None
