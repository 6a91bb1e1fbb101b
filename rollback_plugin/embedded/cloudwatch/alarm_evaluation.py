"""When an alarm changes its state: a pure function.

The rules, and the tables its tests are made of:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

CloudWatch retrieves more data points than the alarm's evaluation periods, but does not publish how many more; the
examples on the second page retrieve 5 for 3, and so two more are retrieved here. Where there are fewer real data
points than evaluation periods and all of them breach, but too few and too young for the documented "premature alarm
state", that page only says that the alarm does not go to ALARM; the state is INSUFFICIENT_DATA then, as its older
edition's table says (https://github.com/awsdocs/amazon-cloudwatch-user-guide, doc_source/AlarmThatSendsEmail.md, row
"- - - - X").
"""

import json
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_EXTRA_PERIODS_RETRIEVED = 2


class AlarmState(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class MissingData(StrEnum):
    """How an alarm treats periods without data; the names are those of the parameter TreatMissingData."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True)
class _Comparison:
    breaches: Callable[[float, float], bool]
    words: str


_COMPARISONS = {
    "GreaterThanThreshold": _Comparison(operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": _Comparison(operator.ge, "greater than or equal to"),
    "LessThanThreshold": _Comparison(operator.lt, "less than"),
    "LessThanOrEqualToThreshold": _Comparison(operator.le, "less than or equal to"),
}
COMPARISON_OPERATORS = frozenset(_COMPARISONS)


@dataclass(frozen=True)
class AlarmDefinition:
    """What of an alarm's configuration decides its state.

    `comparison_operator` is one of COMPARISON_OPERATORS. `statistic` is None for an alarm on an expression.
    """

    comparison_operator: str
    threshold: float
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    missing_data: MissingData = MissingData.MISSING
    statistic: str | None = None

    @property
    def evaluation_range(self) -> int:
        """How many of the most recent periods are retrieved."""
        return self.evaluation_periods + _EXTRA_PERIODS_RETRIEVED


@dataclass(frozen=True)
class Datapoint:
    """One period's value, None where there is no data. `timestamp` is the period's start, aware UTC."""

    timestamp: datetime
    value: float | None


@dataclass(frozen=True)
class Evaluation:
    """The state the alarm has now, and why. `reason_data` is JSON, as in StateReasonData."""

    state: AlarmState
    reason: str
    reason_data: str


def evaluate(
    alarm: AlarmDefinition, datapoints: Sequence[Datapoint], previous_state: AlarmState, now: datetime
) -> Evaluation:
    """The state of the alarm.

    `datapoints` are those of the evaluation range, oldest first; `now` is the time of the evaluation.
    """
    recent = list(datapoints)[-alarm.evaluation_range :]
    real = [datapoint for datapoint in recent if datapoint.value is not None][-alarm.evaluation_periods :]
    breaching = [datapoint for datapoint in real if _breaches(alarm, datapoint)]
    missing = alarm.evaluation_periods - len(real)
    state = _state(alarm, recent, len(real), len(breaching), missing, previous_state)
    reason = _reason(alarm, state, real, breaching, missing)
    return Evaluation(state, reason, _reason_data(alarm, real, now))


def _state(
    alarm: AlarmDefinition,
    recent: Sequence[Datapoint],
    real_count: int,
    breaching_count: int,
    missing_count: int,
    previous_state: AlarmState,
) -> AlarmState:
    if missing_count > 0 and alarm.missing_data is MissingData.BREACHING:
        breaching_count += missing_count
    if breaching_count >= alarm.datapoints_to_alarm:
        return AlarmState.ALARM
    if missing_count <= 0 or alarm.missing_data in (MissingData.BREACHING, MissingData.NOT_BREACHING):
        return AlarmState.OK
    if breaching_count < real_count:
        return AlarmState.OK
    # No data, or nothing but breaching data points, and fewer than the alarm asks for.
    if alarm.missing_data is MissingData.IGNORE:
        return previous_state
    if _oldest_breach_is_old_enough(alarm, recent):
        return AlarmState.ALARM
    return AlarmState.INSUFFICIENT_DATA


def _oldest_breach_is_old_enough(alarm: AlarmDefinition, recent: Sequence[Datapoint]) -> bool:
    """The documented "premature alarm state", for a range that has only breaching and missing data points."""
    for age, datapoint in zip(range(len(recent), 0, -1), recent, strict=True):
        if datapoint.value is not None:
            return age >= alarm.datapoints_to_alarm
    return False


def _breaches(alarm: AlarmDefinition, datapoint: Datapoint) -> bool:
    return datapoint.value is not None and _COMPARISONS[alarm.comparison_operator].breaches(
        datapoint.value, alarm.threshold
    )


def _reason(
    alarm: AlarmDefinition,
    state: AlarmState,
    real: Sequence[Datapoint],
    breaching: Sequence[Datapoint],
    missing: int,
) -> str:
    """Worded as in https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    if state is AlarmState.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_counted(missing, 'datapoint')} {'was' if missing == 1 else 'were'} unknown."
    shown = breaching if state is AlarmState.ALARM else [point for point in real if not _breaches(alarm, point)]
    if not shown:
        treated = _counted(missing, "missing datapoint")
        return (
            f"Threshold Crossed: no datapoints were received for {_counted(missing, 'period')} and {treated} "
            f"{'was' if missing == 1 else 'were'} treated as [{_words(alarm.missing_data)}]."
        )
    listed = ", ".join(f"{point.value} ({point.timestamp:%d/%m/%y %H:%M:%S})" for point in reversed(shown))
    if state is AlarmState.ALARM:
        negation, needed, transition = "", alarm.datapoints_to_alarm, "OK -> ALARM"
    else:
        negation, needed, transition = "not ", alarm.evaluation_periods - alarm.datapoints_to_alarm + 1, "ALARM -> OK"
    verb = "was" if len(shown) == 1 else "were"
    comparison = _COMPARISONS[alarm.comparison_operator].words
    return (
        f"Threshold Crossed: {len(shown)} out of the last {alarm.evaluation_periods} datapoints [{listed}] "
        f"{verb} {negation}{comparison} the threshold ({alarm.threshold}) "
        f"(minimum {_counted(needed, 'datapoint')} for {transition} transition)."
    )


def _reason_data(alarm: AlarmDefinition, real: Sequence[Datapoint], now: datetime) -> str:
    data: dict[str, object] = {"version": "1.0", "queryDate": timestamp_text(now)}
    if real:
        data["startDate"] = timestamp_text(real[0].timestamp)
    if alarm.statistic is not None:
        data["statistic"] = alarm.statistic
    data["period"] = alarm.period_seconds
    data["recentDatapoints"] = [point.value for point in real]
    data["threshold"] = alarm.threshold
    data["evaluatedDatapoints"] = [
        {"timestamp": timestamp_text(point.timestamp), "value": point.value} for point in reversed(real)
    ]
    return json.dumps(data)


def timestamp_text(moment: datetime) -> str:
    """As in CloudWatch's events and reason data: 2019-10-02T17:04:40.985+0000."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _words(missing_data: MissingData) -> str:
    return {MissingData.BREACHING: "Breaching", MissingData.NOT_BREACHING: "NonBreaching"}.get(
        missing_data, str(missing_data)
    )
