"""From log messages to metric values: what a metric filter does with the events a log group gets.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html: each match publishes the metric
value, a number or the number at a selector. When events came in and none matched, the default value is published, if
there is one.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.embedded.cloudwatch.filter_pattern import (
    Predicate,
    UnsupportedPattern,
    numeric_field,
    parse_filter_pattern,
    text_field,
)
from rollback_plugin.embedded.telemetry import LogEvent, MetricSamples

_SELECTOR = re.compile(r"\$(\.[\w-]+|\[\d+\])+")


@dataclass(frozen=True)
class MetricTransformation:
    """`value` is a number or a selector, both as text; `dimensions` maps dimension names to selectors."""

    namespace: str
    name: str
    value: str
    default_value: float | None
    unit: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MetricFilter:
    matches: Predicate
    transformations: tuple[MetricTransformation, ...]


def make_metric_filter(pattern: str, transformations: Sequence[MetricTransformation]) -> MetricFilter:
    """Raises UnsupportedPattern for a pattern, value or dimension that can't be imitated."""
    for transformation in transformations:
        if not _SELECTOR.fullmatch(transformation.value) and not _is_number(transformation.value):
            raise UnsupportedPattern(f"metric value {transformation.value!r} is neither a number nor a JSON selector")
        for name, selector in transformation.dimensions:
            if not _SELECTOR.fullmatch(selector):
                raise UnsupportedPattern(f"value {selector!r} of dimension {name} is not a JSON selector")
    return MetricFilter(parse_filter_pattern(pattern), tuple(transformations))


def metric_samples(metric_filter: MetricFilter, events: Sequence[LogEvent], now: datetime) -> list[MetricSamples]:
    """What the filter publishes for the events that came in since it was asked last; one data point per second."""
    matching = [event for event in events if metric_filter.matches(event.message)]
    samples: list[MetricSamples] = []
    for transformation in metric_filter.transformations:
        values: dict[tuple[tuple[tuple[str, str], ...], datetime], list[float]] = defaultdict(list)
        for event in matching:
            value = _value(transformation, event.message)
            dimensions = _dimensions(transformation, event.message)
            if value is not None and dimensions is not None:
                values[dimensions, event.timestamp.replace(microsecond=0)].append(value)
        if events and not matching and transformation.default_value is not None:
            values[(), now.replace(microsecond=0)].append(transformation.default_value)
        samples += [
            MetricSamples(
                transformation.namespace, transformation.name, dimensions, transformation.unit, second, tuple(published)
            )
            for (dimensions, second), published in values.items()
        ]
    return samples


def _value(transformation: MetricTransformation, message: str) -> float | None:
    if transformation.value.startswith("$"):
        return numeric_field(transformation.value, message)
    return float(transformation.value)


def _dimensions(transformation: MetricTransformation, message: str) -> tuple[tuple[str, str], ...] | None:
    """None when a dimension's field is not in the message; CloudWatch publishes nothing then."""
    found: list[tuple[str, str]] = []
    for name, selector in transformation.dimensions:
        value = text_field(selector, message)
        if value is None:
            return None
        found.append((name, value))
    return tuple(found)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
