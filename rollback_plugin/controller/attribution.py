"""What an alarm's values say where its state alone doesn't: pure functions.

An alarm's state says enough where it went to ALARM after a deploy, by a rule that was there before it. It doesn't

- where it rang before: the deploy may be a fix that came into a fire, or have added fuel. It counts only if its values
  got *worse*;
- where the deploy itself made the alarm, or changed what it compares with what: then it rings for the new rule, and
  may have had all the reason to before. It counts only with values from after the deploy, and not where values from
  before it are known and those since are no worse.

*Worse*: with at least `ENOUGH_VALUES` on either side, the median since is `WORSE_FACTOR` times the median before, or,
where low values are bad, one part of it in so many. A median is not moved by one spike; the factor is so high because
a deploy that is undone wrongly takes a fix away. A fire is compared with itself: of the values before the deploy only
those count that are as bad as the threshold, or a fire that had just begun would pass for worse than the peace before.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum, auto
from statistics import median

from rollback_plugin.journal.entries import AlarmExcused, AlarmState, AlarmWorsened
from rollback_plugin.journal.status import Status, Verdict, VersionStatus
from rollback_plugin.signals.signal import AlarmConfiguration, AlarmReading, Baseline, Signal

ENOUGH_VALUES = 3
WORSE_FACTOR = 2.0


class Trend(Enum):
    """How an alarm's values since a deploy compare with those before it."""

    WORSE = auto()
    NOT_WORSE = auto()


def trend(baseline: Baseline | None) -> Trend | None:
    """None where nobody knows the values, or they are too few on either side."""
    if baseline is None or min(len(baseline.before), len(baseline.since)) < ENOUGH_VALUES:
        return None
    before, since = median(baseline.before), median(baseline.since)
    if not baseline.higher_is_worse:
        before, since = since, before
    return Trend.WORSE if since > before and since >= WORSE_FACTOR * before else Trend.NOT_WORSE


def of_a_fire(baseline: Baseline | None) -> Baseline | None:
    """The same, without the values from before the fire."""
    if baseline is None:
        return None
    sign = 1 if baseline.higher_is_worse else -1
    return replace(baseline, before=tuple(v for v in baseline.before if sign * v >= sign * baseline.threshold))


def awaits_values(reading: AlarmReading) -> bool:
    """Whether an alarm that the deploy made or changed has too few values from after it to count."""
    baseline = reading.baseline
    if reading.configuration is AlarmConfiguration.UNCHANGED or baseline is None:
        return False
    comparable = len(baseline.before) >= ENOUGH_VALUES
    return len(baseline.since) < (ENOUGH_VALUES if comparable else 1)


def weighed(status: Status, signal: Signal) -> Iterator[AlarmWorsened | AlarmExcused]:
    """What the alarms' values say about the newest version that the journal doesn't know yet."""
    if status.newest is None or status.newest != status.applied or status.operation is not None:
        return
    if status.verifying is not None:
        return
    newest = status.version(status.newest)
    for reading in signal.alarms:
        redefined = reading.configuration is not AlarmConfiguration.UNCHANGED
        baseline = reading.baseline if redefined else of_a_fire(reading.baseline)
        if reading.state is AlarmState.ALARM and baseline is not None:
            yield from _weighed(newest, reading, baseline)


def _weighed(
    newest: VersionStatus, reading: AlarmReading, baseline: Baseline
) -> Iterator[AlarmWorsened | AlarmExcused]:
    name, how = reading.name, trend(baseline)
    if how is None or name in newest.exonerated_alarms:
        return
    before, since = median(baseline.before), median(baseline.since)
    attributable = name in newest.attributable_alarms
    redefined = reading.configuration is not AlarmConfiguration.UNCHANGED
    rang_before = newest.verdict is Verdict.BAKING and reading.alarm.since <= newest.started_at
    if redefined and attributable and how is Trend.NOT_WORSE:
        yield AlarmExcused(version=newest.number, alarm=name, before=before, since=since)
    if not redefined and not attributable and rang_before and how is Trend.WORSE:
        yield AlarmWorsened(version=newest.number, alarm=name, before=before, since=since)
