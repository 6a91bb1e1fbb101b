"""From the values a metric was sent to one number per period.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html. Percentiles interpolate
linearly between the two nearest values; CloudWatch does not publish its method. As in CloudWatch, a statistic set has
a percentile only when all its values must be equal.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollback_plugin.embedded.cloudwatch.alarm_evaluation import Datapoint

_PERCENTILE = re.compile(r"p(\d{1,2}(\.\d{1,10})?|100)")


class UnsupportedStatistic(ValueError):
    """A statistic CloudWatch has and this module has not."""


@dataclass(frozen=True)
class Sample:
    """What one PutMetricData datum said. `values` are the single values where they are known."""

    timestamp: datetime
    minimum: float
    maximum: float
    sum: float
    count: float
    values: tuple[float, ...] | None


def single_value(timestamp: datetime, value: float) -> Sample:
    return Sample(timestamp, value, value, value, 1.0, (value,))


def datapoints(
    samples: Iterable[Sample], statistic: str, end: datetime, period_seconds: int, count: int
) -> tuple[Datapoint, ...]:
    """`count` periods that end at `end` (exclusive), oldest first.

    Raises UnsupportedStatistic.
    """
    period = timedelta(seconds=period_seconds)
    start = end - count * period
    buckets: list[list[Sample]] = [[] for _ in range(count)]
    for sample in samples:
        if start <= sample.timestamp < end:
            buckets[(sample.timestamp - start) // period].append(sample)
    return tuple(
        Datapoint(start + index * period, aggregate(bucket, statistic)) for index, bucket in enumerate(buckets)
    )


def aggregate(samples: Sequence[Sample], statistic: str) -> float | None:
    """The statistic over all samples; None when there are none. Raises UnsupportedStatistic."""
    percentile = _PERCENTILE.fullmatch(statistic)
    if percentile is None and statistic not in ("Sum", "Average", "Minimum", "Maximum", "SampleCount"):
        raise UnsupportedStatistic(f"statistic {statistic}")
    count = sum(sample.count for sample in samples)
    if not count:
        return None
    if percentile is not None:
        return _percentile(samples, float(percentile.group(1)))
    if statistic == "SampleCount":
        return count
    if statistic == "Minimum":
        return min(sample.minimum for sample in samples)
    if statistic == "Maximum":
        return max(sample.maximum for sample in samples)
    total = sum(sample.sum for sample in samples)
    return total if statistic == "Sum" else total / count


def _percentile(samples: Sequence[Sample], percent: float) -> float | None:
    values: list[float] = []
    for sample in samples:
        if sample.values is not None:
            values.extend(sample.values)
        elif sample.minimum == sample.maximum:
            values.extend([sample.minimum] * int(sample.count))
        else:
            return None
    values.sort()
    position = (len(values) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (position - below)
