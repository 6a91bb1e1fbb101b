from datetime import UTC, datetime, timedelta

import pytest

from rollback_plugin.embedded.cloudwatch.filter_pattern import UnsupportedPattern
from rollback_plugin.embedded.cloudwatch.metric_filter import MetricTransformation, make_metric_filter, metric_samples
from rollback_plugin.embedded.telemetry import LogEvent, MetricSamples

NOW = datetime(2026, 3, 1, 12, 0, 30, 500_000, tzinfo=UTC)
SECOND = NOW.replace(microsecond=0)


def transformation(
    value: str = "1", default_value: float | None = None, dimensions: tuple[tuple[str, str], ...] = ()
) -> MetricTransformation:
    return MetricTransformation("Orders", "Failures", value, default_value, "Count", dimensions)


def published(pattern: str, what: MetricTransformation, *messages: str) -> list[tuple[datetime, tuple[float, ...]]]:
    events = [LogEvent(SECOND + timedelta(milliseconds=index), message) for index, message in enumerate(messages)]
    return [(s.timestamp, s.values) for s in metric_samples(make_metric_filter(pattern, [what]), events, NOW)]


def test_each_match_publishes_the_metric_value_at_the_second_it_was_logged() -> None:
    events = [
        LogEvent(SECOND - timedelta(seconds=1), "ERROR one"),
        LogEvent(SECOND, "ERROR two"),
        LogEvent(SECOND + timedelta(milliseconds=900), "ERROR three"),
        LogEvent(SECOND, "fine"),
    ]

    samples = metric_samples(make_metric_filter("ERROR", [transformation("2")]), events, NOW)

    assert samples == [
        MetricSamples("Orders", "Failures", (), "Count", SECOND - timedelta(seconds=1), (2.0,)),
        MetricSamples("Orders", "Failures", (), "Count", SECOND, (2.0, 2.0)),
    ]


def test_the_value_can_come_from_the_message() -> None:
    messages = ('{"latency": 12.5}', '{"latency": "7"}', '{"latency": "slow"}')

    assert published("{ $.latency = * }", transformation("$.latency"), *messages) == [(SECOND, (12.5, 7.0))]


def test_the_default_value_is_published_when_events_came_and_none_matched() -> None:
    assert published("ERROR", transformation(default_value=0.0), "fine", "fine") == [(SECOND, (0.0,))]


def test_nothing_is_published_without_events_or_without_a_default_value() -> None:
    assert published("ERROR", transformation(default_value=0.0)) == []
    assert published("ERROR", transformation(), "fine") == []


def test_a_match_keeps_the_default_value_back() -> None:
    assert published("ERROR", transformation(default_value=0.0), "fine", "ERROR") == [(SECOND, (1.0,))]


def test_dimensions_come_from_the_message_and_must_be_there() -> None:
    what = transformation(dimensions=(("Route", "$.route"),))
    events = [LogEvent(SECOND, '{"route": "/a"}'), LogEvent(SECOND, '{"route": "/b"}'), LogEvent(SECOND, '{"x": 1}')]

    samples = metric_samples(make_metric_filter("", [what]), events, NOW)

    assert [sample.dimensions for sample in samples] == [(("Route", "/a"),), (("Route", "/b"),)]


@pytest.mark.parametrize(
    "what", [transformation("$size"), transformation("many"), transformation(dimensions=(("R", "x"),))]
)
def test_values_and_dimensions_that_are_not_imitated_are_refused(what: MetricTransformation) -> None:
    with pytest.raises(UnsupportedPattern):
        make_metric_filter("ERROR", [what])
