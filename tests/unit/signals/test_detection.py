"""What an alarm sees, and whether it does: the figures are held against what CloudWatch's evaluation makes of them."""

import pytest

from rollback_plugin.journal.detection import Sight
from rollback_plugin.signals.definition import AlarmDefinition, Comparison, Metric, Query
from rollback_plugin.signals.detection import Failures, Traffic, detection_power, failures_seen_by
from tests.unit.signals.simulated import rings_within

ERRORS = Metric("AWS/Lambda", "Errors", (("FunctionName", "orders"), ("Resource", "orders:live")))
REQUESTS = Metric("AWS/Lambda", "Invocations", (("FunctionName", "orders"), ("Resource", "orders:live")))


def rate(
    expression: str = "100 * errors / invocations",
    threshold: float = 5.0,
    m: int = 1,
    n: int = 1,
    period_seconds: int = 60,
    comparison: Comparison = Comparison.GREATER,
) -> AlarmDefinition:
    """Like the error rate alarm of `LambdaService`."""
    queries = (
        Query("error_rate", expression=expression, period_seconds=period_seconds),
        Query("errors", ERRORS, "Sum", period_seconds=period_seconds, returned=False),
        Query("invocations", REQUESTS, "Sum", period_seconds=period_seconds, returned=False),
    )
    return AlarmDefinition(comparison, threshold, period_seconds, n, m, "notBreaching", queries)


def count(
    threshold: float,
    m: int = 1,
    n: int = 1,
    period_seconds: int = 60,
    statistic: str = "Sum",
    metric: Metric = ERRORS,
    comparison: Comparison = Comparison.GREATER_OR_EQUAL,
) -> AlarmDefinition:
    query = Query("value", metric, statistic, period_seconds=period_seconds)
    return AlarmDefinition(comparison, threshold, period_seconds, n, m, "notBreaching", (query,))


@pytest.mark.parametrize(
    "expression",
    [
        "100 * errors / invocations",
        "100*errors/invocations",
        "100.0 * (errors / invocations)",
        "(errors / invocations) * 100",
        "errors / invocations * 100",
        "(errors * 100) / invocations",
    ],
)
def test_a_percentage_is_known_however_it_is_written(expression: str) -> None:
    failures = failures_seen_by(rate(expression))

    assert failures is not None
    assert (failures.whole, failures.requests and failures.requests.metric) == (100.0, REQUESTS)


@pytest.mark.parametrize(
    ("definition", "whole"),
    [
        pytest.param(rate("errors / invocations", 0.05), 1.0, id="a share of one"),
        pytest.param(count(3), None, id="a number of failures"),
        pytest.param(count(0.05, statistic="Average"), 1.0, id="an average of zeros and ones"),
        pytest.param(count(3, metric=Metric("rollback-plugin/logs", "orders/errors")), None, id="log lines"),
        pytest.param(count(3, metric=Metric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count")), None, id="5xx"),
    ],
)
def test_what_counts_failures(definition: AlarmDefinition, whole: float | None) -> None:
    failures = failures_seen_by(definition)

    assert failures is not None
    assert failures.whole == whole


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param(count(80, metric=Metric("AWS/ECS", "CPUUtilization")), id="not failures"),
        pytest.param(count(3, statistic="Maximum"), id="a maximum"),
        pytest.param(count(3, comparison=Comparison.LESS), id="rings when low"),
        pytest.param(rate("IF(invocations > 10, 100 * errors / invocations, 0)"), id="other math"),
        pytest.param(rate("100 * errors / nobody"), id="a query that isn't there"),
    ],
)
def test_what_can_not_be_told_is_not_guessed(definition: AlarmDefinition) -> None:
    assert failures_seen_by(definition) is None


def power_of(definition: AlarmDefinition, requests_per_second: float, failing: float = 0.0) -> tuple[object, ...]:
    failures = failures_seen_by(definition)
    assert failures is not None
    power = detection_power("alarm", definition, failures, Traffic(requests_per_second, failing))
    return power.sight, power.rise_points, power.within_seconds


@pytest.mark.parametrize(
    ("definition", "requests_per_second", "power"),
    [
        pytest.param(rate(), 5, (Sight.SEES, 7.6, 120), id="5 % of 300"),
        pytest.param(rate(), 500, (Sight.SEES, 5.3, 120), id="5 % of 30 000: traffic sharpens it"),
        pytest.param(rate(m=3, n=3), 5, (Sight.SEES, 8.4, 240), id="all of three: blunter and later"),
        pytest.param(rate(m=1, n=3), 5, (Sight.SEES, 5.7, 240), id="one of three: sharper and later"),
        pytest.param(rate(period_seconds=10), 5, (Sight.SEES, 12.1, 20), id="10 s: quicker, blunter"),
        pytest.param(
            rate(period_seconds=10), 1.999, (Sight.SEES, 22.7, 20), id="almost 20: two of 19, as one of 20 is 5 %"
        ),
        pytest.param(count(3), 5, (Sight.SEES, 2.1, 120), id="three failures of 300"),
        pytest.param(count(1), 0.05, (Sight.SEES, 63.2, 120), id="one of three"),
        pytest.param(count(4), 0.05, (Sight.OUT_OF_REACH, None, None), id="four of three"),
        pytest.param(rate(), 0.01, (Sight.OUT_OF_REACH, None, None), id="fewer than one a period"),
        pytest.param(rate(threshold=100), 5, (Sight.OUT_OF_REACH, None, None), id="more than all"),
        pytest.param(
            rate(threshold=100, comparison=Comparison.GREATER_OR_EQUAL), 5, (Sight.SEES, 100.0, 120), id="all"
        ),
        pytest.param(rate("errors / invocations", 5.0), 5, (Sight.OUT_OF_REACH, None, None), id="percent of a share"),
    ],
)
def test_what_an_alarm_sees(definition: AlarmDefinition, requests_per_second: float, power: tuple[object, ...]) -> None:
    assert power_of(definition, requests_per_second) == power


def test_what_fails_already_makes_a_smaller_rise_seen() -> None:
    sight, rise, _ = power_of(rate(), 5, failing=0.02)

    assert (sight, rise) == (Sight.SEES, 5.6)


def test_where_enough_fails_already_no_rise_of_nothing_is_promised() -> None:
    failures = failures_seen_by(rate())
    assert failures is not None

    power = detection_power("alarm", rate(), failures, Traffic(5, 0.5))

    assert (power.sight, power.rise_points) == (Sight.SEES, 0.0)
    assert power.explanation.startswith("So many requests fail now that it rings as things are, at ")


@pytest.mark.parametrize(
    ("definition", "requests_per_second"),
    [
        pytest.param(rate(), 5, id="5 % of 300"),
        pytest.param(rate(m=3, n=3), 5, id="all of three"),
        pytest.param(rate(m=2, n=3), 2, id="two of three"),
        pytest.param(rate(period_seconds=10), 5, id="10 s"),
        pytest.param(count(3), 5, id="three failures"),
        pytest.param(count(2, m=2, n=4, period_seconds=30), 1, id="two failures in two of four"),
        pytest.param(count(0.1, statistic="Average", comparison=Comparison.GREATER), 3, id="an average"),
    ],
)
def test_the_alarm_does_see_what_is_said_and_not_much_less(
    definition: AlarmDefinition, requests_per_second: float
) -> None:
    failures = failures_seen_by(definition)
    assert failures is not None
    power = detection_power("alarm", definition, failures, Traffic(requests_per_second))
    assert power.rise_points is not None
    assert power.within_seconds is not None
    share = power.rise_points / 100

    trials = 80
    seen = sum(rings_within(definition, requests_per_second, share, power.within_seconds, n) for n in range(trials))
    third = sum(
        rings_within(definition, requests_per_second, share / 3, power.within_seconds, n) for n in range(trials)
    )

    assert seen >= 0.9 * trials  # 95 % are expected, and 80 trials scatter
    assert third <= 0.5 * trials


def test_an_alarm_on_a_thousand_requests_a_second_is_worked_out_as_well() -> None:
    exact = detection_power("a", rate(), Failures(None, 100.0), Traffic(2_000 / 60))
    beyond = detection_power("a", rate(), Failures(None, 100.0), Traffic(2_100 / 60))

    assert exact.rise_points is not None
    assert beyond.rise_points is not None
    assert abs(exact.rise_points - beyond.rise_points) <= 0.1
