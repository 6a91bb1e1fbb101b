"""Which data points stand on which side of a deploy."""

from datetime import UTC, datetime, timedelta

from rollback_plugin.signals.baseline import baseline
from rollback_plugin.signals.definition import AlarmDefinition, Comparison, Metric, Query
from rollback_plugin.signals.metric_data import DataPoint
from rollback_plugin.signals.signal import Baseline

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def definition(comparison: Comparison = Comparison.GREATER, threshold: float | None = 5.0) -> AlarmDefinition:
    query = Query("value", Metric("AWS/Lambda", "Errors"), "Sum", period_seconds=60)
    return AlarmDefinition(comparison, threshold, 60, 1, 1, "missing", (query,))


def minute(number: int, value: float) -> DataPoint:
    return DataPoint(NOON + timedelta(minutes=number), value)


def test_periods_that_mix_both_sides_count_on_neither() -> None:
    points = [minute(-62, 9), minute(-60, 1), minute(-1, 2), minute(0, 3), minute(1, 4), minute(2, 5), minute(3, 6)]
    began, ended = NOON + timedelta(seconds=20), NOON + timedelta(seconds=80)

    found = baseline(definition(), points, began, ended, NOON + timedelta(minutes=3, seconds=30))

    # The minute it began in, the one it ended in and the one that isn't over are left out, as is what is an hour old.
    assert found == Baseline(before=(2.0,), since=(5.0,), higher_is_worse=True, threshold=5.0)


def test_an_alarm_that_rings_below_its_threshold_is_worse_when_lower() -> None:
    found = baseline(definition(Comparison.LESS), [minute(-5, 1)], NOON, NOON, NOON)

    assert found == Baseline(before=(1.0,), since=(), higher_is_worse=False, threshold=5.0)


def test_a_band_has_no_baseline() -> None:
    assert baseline(definition(Comparison.OUTSIDE_BAND, None), [minute(-5, 1)], NOON, NOON, NOON) is None
