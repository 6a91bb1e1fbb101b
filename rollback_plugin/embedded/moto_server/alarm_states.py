"""State changes of moto's alarms: how an alarm starts, and what a change sets off.

- A new alarm, composite ones too, is in INSUFFICIENT_DATA; an alarm that is put again keeps its state:
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
- A change is an event on the default bus and an entry in the alarm's history, also one by SetAlarmState:
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
- Not imitated: alarm actions (SNS and others), and history that outlives its alarm.
"""

import json
import sys
import traceback
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, MetricDataQuery
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.events.models import EventsBackend, events_backends

from rollback_plugin.embedded.cloudwatch.state_change_event import (
    DETAIL_TYPE,
    SOURCE,
    StateAt,
    event_detail,
    expression_in_event,
    metric_in_event,
)


def install(clock: Callable[[], datetime]) -> None:
    """Make this process' moto follow these rules."""
    _start_without_data(clock)
    _announce_state_changes(clock)
    CloudWatchResponse.describe_alarm_history = _describe_alarm_history  # type: ignore[attr-defined]
    # moto's handler of metric alarms keeps a rule, too; only the operation has no name there.
    CloudWatchResponse.put_composite_alarm = CloudWatchResponse.put_metric_alarm  # type: ignore[attr-defined]


def _start_without_data(clock: Callable[[], datetime]) -> None:
    put_metric_alarm = CloudWatchBackend.put_metric_alarm

    def put(self: CloudWatchBackend, name: str, *args: Any, **kwargs: Any) -> Alarm:
        before = self.alarms.get(name)
        alarm = put_metric_alarm(self, name, *args, **kwargs)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
            alarm.state_transitioned_timestamp = alarm.state_updated_timestamp  # type: ignore[attr-defined]
        else:
            for attribute in (
                "state_value",
                "state_reason",
                "state_reason_data",
                "state_updated_timestamp",
                "state_transitioned_timestamp",
                "history",
            ):
                setattr(alarm, attribute, getattr(before, attribute))
        verb = "created" if before is None else "updated"
        alarm.history.append(_history_item(alarm, clock(), "ConfigurationUpdate", f'Alarm "{name}" {verb}', {}))
        return alarm

    CloudWatchBackend.put_metric_alarm = put  # type: ignore[method-assign]


def _announce_state_changes(clock: Callable[[], datetime]) -> None:
    def update_state(self: Alarm, reason: str, reason_data: str | None, state_value: str) -> None:
        previous = _state_of(self)
        now = clock()
        self.state_reason = reason
        self.state_reason_data = reason_data  # type: ignore[assignment]
        self.state_updated_timestamp = _naive(now)
        if state_value == previous.value:
            return
        self.state_value = state_value
        self.state_transitioned_timestamp = _naive(now)  # type: ignore[attr-defined]
        current = _state_of(self)
        data = {"version": "1.0", "oldState": _in_history(previous), "newState": _in_history(current)}
        summary = f"Alarm updated from {previous.value} to {current.value}"
        self.history.append(_history_item(self, now, "StateUpdate", summary, data))
        _put_event(self, previous, current)

    Alarm.update_state = update_state  # type: ignore[method-assign]


def _put_event(alarm: Alarm, previous: StateAt, current: StateAt) -> None:
    account_id = alarm.alarm_arn.split(":")[4]
    backend: EventsBackend = events_backends[account_id][alarm.region_name]
    configuration = {"alarmRule": alarm.rule} if alarm.rule else {"metrics": _metrics_in_event(alarm)}
    detail = event_detail(alarm.name, alarm.description, configuration, previous, current)
    event = {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Time": current.timestamp.timestamp(),
        "Resources": [alarm.alarm_arn],
        "Detail": json.dumps(detail),
    }
    try:
        backend.put_events([event])
    except Exception:  # noqa: BLE001 - a target moto can't deliver to must not undo the state change
        traceback.print_exc(file=sys.stderr)


def _metrics_in_event(alarm: Alarm) -> list[dict[str, Any]]:
    if not alarm.metric_data_queries:
        statistic = alarm.statistic or alarm.extended_statistic or ""
        dimensions = {str(dimension.name): str(dimension.value) for dimension in alarm.dimensions}
        query_id = str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.alarm_arn))
        return [
            metric_in_event(
                query_id, alarm.namespace, alarm.metric_name, dimensions, int(alarm.period), statistic, True
            )
        ]
    shown: list[dict[str, Any]] = []
    for query in alarm.metric_data_queries:
        return_data = returns_data(query)
        if query.metric_stat is None:
            shown.append(expression_in_event(query.id, str(query.expression), query.label, return_data))
            continue
        metric = query.metric_stat.metric
        dimensions = {str(dimension.name): str(dimension.value) for dimension in metric.dimensions}
        period = int(query.metric_stat.period)
        shown.append(
            metric_in_event(
                query.id, metric.namespace, metric.metric_name, dimensions, period, query.metric_stat.stat, return_data
            )
        )
    return shown


def _state_of(alarm: Alarm) -> StateAt:
    reason_data = alarm.state_reason_data if alarm.state_reason_data != "{}" else None
    return StateAt(
        alarm.state_value, alarm.state_reason, reason_data, alarm.state_updated_timestamp.replace(tzinfo=UTC)
    )


def _in_history(state: StateAt) -> dict[str, Any]:
    shown: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    if state.reason_data is not None:
        shown["stateReasonData"] = json.loads(state.reason_data)
    return shown


def _history_item(alarm: Alarm, now: datetime, item_type: str, summary: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "AlarmName": alarm.name,
        "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
        "Timestamp": _naive(now),
        "HistoryItemType": item_type,
        "HistorySummary": summary,
        "HistoryData": json.dumps(data),
    }


def _describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
    name, item_type = self._get_param("AlarmName"), self._get_param("HistoryItemType")
    start, end = self._get_param("StartDate"), self._get_param("EndDate")
    items = [
        item
        for alarm in list(self.cloudwatch_backend.alarms.values())
        for item in alarm.history
        if (name is None or alarm.name == name)
        and (item_type is None or item["HistoryItemType"] == item_type)
        and (start is None or item["Timestamp"] >= start)
        and (end is None or item["Timestamp"] <= end)
    ]
    items.sort(key=lambda item: item["Timestamp"], reverse=self._get_param("ScanBy") != "TimestampAscending")
    return ActionResult({"AlarmHistoryItems": items[: int(self._get_param("MaxRecords") or 100)]})


def returns_data(query: MetricDataQuery) -> bool:
    """ReturnData, true where it isn't given; a bool or None, though moto annotates it as a string."""
    given: Any = query.return_data
    return given is not False


def _naive(moment: datetime) -> datetime:
    """moto's timestamps are naive UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)
