"""The tables of AWS' page on missing data, and what the text around them says.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from rollback_plugin.embedded.cloudwatch.alarm_evaluation import (
    AlarmDefinition,
    AlarmState,
    Datapoint,
    Evaluation,
    MissingData,
    evaluate,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MISSING, IGNORE, BREACHING, NOT_BREACHING = MissingData
RETAIN = None


def datapoints(drawn: str) -> tuple[Datapoint, ...]:
    """As AWS draws them, oldest first: 0 is within the threshold, X breaches it, - is missing."""
    values = {"0": 0.0, "X": 9.0, "-": None}
    symbols = drawn.split()
    start = NOW - timedelta(minutes=len(symbols))
    return tuple(Datapoint(start + timedelta(minutes=i), values[symbol]) for i, symbol in enumerate(symbols))


def alarm(
    datapoints_to_alarm: int, evaluation_periods: int, missing_data: MissingData = MissingData.MISSING
) -> AlarmDefinition:
    return AlarmDefinition(
        comparison_operator="GreaterThanThreshold",
        threshold=5.0,
        period_seconds=60,
        evaluation_periods=evaluation_periods,
        datapoints_to_alarm=datapoints_to_alarm,
        missing_data=missing_data,
        statistic="Sum",
    )


def state(definition: AlarmDefinition, drawn: str, previous: AlarmState = AlarmState.OK) -> AlarmState:
    return evaluate(definition, datapoints(drawn), previous, NOW).state


OK, ALARM, INSUFFICIENT = AlarmState

THREE_OF_THREE = [
    # data points, and the state for missing, ignore, breaching, notBreaching
    ("0 - X - X", OK, OK, OK, OK),
    ("0 - - - -", OK, OK, OK, OK),
    ("- - - - -", INSUFFICIENT, RETAIN, ALARM, OK),
    ("0 X X - X", ALARM, ALARM, ALARM, ALARM),
    ("- - X - -", ALARM, RETAIN, ALARM, OK),
]
TWO_OF_THREE = [
    ("0 - X - X", ALARM, ALARM, ALARM, ALARM),
    ("0 0 X 0 X", ALARM, ALARM, ALARM, ALARM),
    ("0 - X - -", OK, OK, ALARM, OK),
    ("- - - - 0", OK, OK, ALARM, OK),
    ("- - - X -", ALARM, RETAIN, ALARM, OK),
]
DOCUMENTED = [(3, *row) for row in THREE_OF_THREE] + [(2, *row) for row in TWO_OF_THREE]


@pytest.mark.parametrize("previous", list(AlarmState))
@pytest.mark.parametrize(
    ("datapoints_to_alarm", "drawn", "missing", "ignore", "breaching", "not_breaching"), DOCUMENTED
)
def test_the_state_is_what_the_documented_tables_say(
    datapoints_to_alarm: int,
    drawn: str,
    missing: AlarmState,
    ignore: AlarmState | None,
    breaching: AlarmState,
    not_breaching: AlarmState,
    previous: AlarmState,
) -> None:
    states = [state(alarm(datapoints_to_alarm, 3, treatment), drawn, previous) for treatment in MissingData]

    assert states == [missing, ignore or previous, breaching, not_breaching]


@pytest.mark.parametrize("drawn", ["- - - - X", "- - - X -"])
def test_one_young_breach_among_missing_data_does_not_alarm_yet(drawn: str) -> None:
    assert state(alarm(3, 3), drawn) is INSUFFICIENT


@pytest.mark.parametrize("drawn", ["- - - X 0", "- - X - 0"])
def test_a_good_data_point_after_the_breach_makes_it_ok(drawn: str) -> None:
    assert state(alarm(3, 3), drawn) is OK


@pytest.mark.parametrize(
    ("datapoints_to_alarm", "evaluation_periods", "drawn", "expected"),
    [
        (1, 1, "X", ALARM),
        (1, 1, "0", OK),
        (1, 1, "X 0", OK),
        (1, 1, "X - -", ALARM),  # the last data there is, as long as it is in the evaluation range
        (1, 1, "X - - -", INSUFFICIENT),
        (2, 2, "X X", ALARM),
        (2, 2, "0 X", OK),
        (2, 2, "X X - - -", ALARM),  # the premature alarm state: one breach is in the range, and it is old
        (2, 2, "X X - - - -", INSUFFICIENT),
        (3, 5, "X 0 X 0 X", ALARM),
        (3, 5, "X 0 0 0 X", OK),
        (3, 5, "X X 0 0 0 X 0", OK),  # the two oldest are not needed
    ],
)
def test_m_of_the_newest_n_data_points_must_breach(
    datapoints_to_alarm: int, evaluation_periods: int, drawn: str, expected: AlarmState
) -> None:
    assert state(alarm(datapoints_to_alarm, evaluation_periods), drawn) is expected


@pytest.mark.parametrize(
    ("comparison_operator", "below", "equal", "above"),
    [
        ("GreaterThanThreshold", OK, OK, ALARM),
        ("GreaterThanOrEqualToThreshold", OK, ALARM, ALARM),
        ("LessThanThreshold", ALARM, OK, OK),
        ("LessThanOrEqualToThreshold", ALARM, ALARM, OK),
    ],
)
def test_every_comparison_operator_at_the_threshold(
    comparison_operator: str, below: AlarmState, equal: AlarmState, above: AlarmState
) -> None:
    definition = AlarmDefinition(comparison_operator, 5.0, 60, 1, 1)

    states = [evaluate(definition, (Datapoint(NOW, value),), OK, NOW).state for value in (4.9, 5.0, 5.1)]

    assert states == [below, equal, above]


def test_the_reason_is_worded_as_in_the_documented_event() -> None:
    measured = Datapoint(datetime(2019, 10, 2, 16, 59, tzinfo=UTC), 99.50160229693434)
    definition = AlarmDefinition("GreaterThanThreshold", 50.0, 300, 1, 1, statistic="Average")

    evaluation = evaluate(definition, (measured,), OK, datetime(2019, 10, 2, 17, 4, 40, 985000, tzinfo=UTC))

    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    assert evaluation.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [99.50160229693434 (02/10/19 16:59:00)] was greater than "
        "the threshold (50.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = json.loads(evaluation.reason_data)
    assert data == {
        "version": "1.0",
        "queryDate": "2019-10-02T17:04:40.985+0000",
        "startDate": "2019-10-02T16:59:00.000+0000",
        "statistic": "Average",
        "period": 300,
        "recentDatapoints": [99.50160229693434],
        "threshold": 50.0,
        "evaluatedDatapoints": [{"timestamp": "2019-10-02T16:59:00.000+0000", "value": 99.50160229693434}],
    }


def reason(definition: AlarmDefinition, drawn: str) -> Evaluation:
    return evaluate(definition, datapoints(drawn), OK, NOW)


def test_the_reason_for_ok_names_the_data_points_within_the_threshold() -> None:
    assert reason(alarm(2, 3), "0 X 0").reason == (
        "Threshold Crossed: 2 out of the last 3 datapoints [0.0 (01/03/26 11:59:00), 0.0 (01/03/26 11:57:00)] were not "
        "greater than the threshold (5.0) (minimum 2 datapoints for ALARM -> OK transition)."
    )


def test_the_reason_says_when_there_was_no_data_and_how_that_was_taken() -> None:
    assert reason(alarm(1, 1), "-").reason == "Insufficient Data: 1 datapoint was unknown."
    assert reason(alarm(2, 2, NOT_BREACHING), "- -").reason == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
        "[NonBreaching]."
    )
