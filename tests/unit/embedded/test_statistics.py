from datetime import UTC, datetime, timedelta

import pytest

from rollback_plugin.embedded.cloudwatch.statistics import (
    Sample,
    UnsupportedStatistic,
    aggregate,
    datapoints,
    single_value,
)

END = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(seconds_before_end: float, value: float) -> Sample:
    return single_value(END - timedelta(seconds=seconds_before_end), value)


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", 10.0),
        ("Average", 2.5),
        ("Minimum", 1.0),
        ("Maximum", 4.0),
        ("SampleCount", 4.0),
        ("p0", 1.0),
        ("p50", 2.5),
        ("p90", 3.7),
        ("p99.9", 3.997),
        ("p100", 4.0),
    ],
)
def test_each_statistic_of_four_values(statistic: str, expected: float) -> None:
    assert aggregate([at(1, value) for value in (4, 1, 3, 2)], statistic) == pytest.approx(expected)


@pytest.mark.parametrize("statistic", ["Sum", "Average", "Minimum", "Maximum", "SampleCount", "p99"])
def test_no_samples_are_missing_data_for_every_statistic(statistic: str) -> None:
    assert aggregate([], statistic) is None


def test_statistic_sets_count_with_all_their_samples() -> None:
    statistic_set = Sample(END, minimum=1.0, maximum=9.0, sum=20.0, count=4.0, values=None)

    assert [aggregate([statistic_set, at(1, 10.0)], statistic) for statistic in ("Sum", "Average", "SampleCount")] == [
        30.0,
        6.0,
        5.0,
    ]


def test_a_percentile_of_a_statistic_set_exists_only_where_all_values_are_equal() -> None:
    equal = Sample(END, 3.0, 3.0, 12.0, 4.0, None)
    different = Sample(END, 1.0, 9.0, 12.0, 4.0, None)

    assert aggregate([equal], "p90") == 3.0
    assert aggregate([different], "p90") is None


@pytest.mark.parametrize("statistic", ["tm90", "IQM", "p101", "PR(1:2)", "sum", ""])
def test_other_statistics_are_refused(statistic: str) -> None:
    with pytest.raises(UnsupportedStatistic):
        aggregate([at(1, 1.0)], statistic)


def test_periods_end_at_the_end_and_include_their_start_only() -> None:
    samples = [at(0, 100.0), at(0.5, 1.0), at(10, 2.0), at(10.5, 4.0), at(30, 8.0), at(30.5, 16.0)]

    points = datapoints(samples, "Sum", END, period_seconds=10, count=3)

    assert [point.value for point in points] == [8.0, 4.0, 3.0]
    assert [point.timestamp for point in points] == [END - timedelta(seconds=seconds) for seconds in (30, 20, 10)]


def test_a_period_without_samples_has_no_value() -> None:
    assert [point.value for point in datapoints([at(25, 1.0)], "Sum", END, 10, 3)] == [1.0, None, None]
