"""What an alarm compared before a deploy, and since: a pure function over its data points."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rollback_plugin.signals.definition import AlarmDefinition
from rollback_plugin.signals.metric_data import DataPoint
from rollback_plugin.signals.signal import Baseline

BEFORE = timedelta(hours=1)
"""How far back it is looked."""


def baseline(
    definition: AlarmDefinition, points: Sequence[DataPoint], began: datetime, ended: datetime, now: datetime
) -> Baseline | None:
    """The values of whole periods on both sides of the update that ran from `began` to `ended`: a period that it began
    or ended in mixes both. None for an alarm without a threshold of its own (an anomaly detection band)."""
    if definition.threshold is None:
        return None
    period = timedelta(seconds=definition.period_seconds)
    return Baseline(
        before=tuple(point.value for point in points if began - BEFORE <= point.at and point.at + period <= began),
        since=tuple(point.value for point in points if ended <= point.at and point.at + period <= now),
        higher_is_worse=definition.comparison.higher_is_worse,
        threshold=definition.threshold,
    )
