"""Whether an alarm rings in time: CloudWatch's evaluation of simulated requests, in virtual time."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rollback_plugin.embedded.cloudwatch import alarm_evaluation as cloudwatch
from rollback_plugin.embedded.cloudwatch.metric_math import evaluate_expression
from rollback_plugin.embedded.cloudwatch.statistics import Sample, datapoints
from rollback_plugin.signals.definition import AlarmDefinition

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def rings_within(
    definition: AlarmDefinition, requests_per_second: float, share: float, seconds: int, seed: int
) -> bool:
    """Whether CloudWatch's evaluation rings in time, in virtual time: the rise comes at any moment of a period."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    period = definition.period_seconds
    evaluated = cloudwatch.AlarmDefinition(
        definition.comparison.value,
        definition.threshold or 0.0,
        period,
        definition.evaluation_periods,
        definition.datapoints_to_alarm,
        cloudwatch.MissingData(definition.missing_data),
    )
    rise = evaluated.evaluation_range * period + chance.uniform(0, period)
    failed, requests = samples(requests_per_second, rise + seconds, lambda at: at >= rise and chance.random() < share)
    state = cloudwatch.AlarmState.OK
    for end in range((evaluated.evaluation_range + 1) * period, int(rise + seconds) + 1, period):
        points = compared(definition, failed, requests, NOON + timedelta(seconds=end), evaluated.evaluation_range)
        state = cloudwatch.evaluate(evaluated, points, state, NOON + timedelta(seconds=end)).state
        if state is cloudwatch.AlarmState.ALARM:
            return True
    return False


def samples(
    requests_per_second: float, seconds: float, fails: Callable[[float], bool]
) -> tuple[list[Sample], list[Sample]]:
    """Errors and invocations of evenly spaced requests: one sample for each second that had any."""
    by_second: dict[int, list[float]] = {}
    for number in range(int(seconds * requests_per_second)):
        at = number / requests_per_second
        by_second.setdefault(int(at), []).append(float(fails(at)))
    failed, requests = [], []
    for second, values in by_second.items():
        moment, sent = NOON + timedelta(seconds=second), len(values)
        failed.append(Sample(moment, min(values), max(values), sum(values), sent, None))
        requests.append(Sample(moment, 1.0, 1.0, sent, sent, None))
    return failed, requests


def compared(
    definition: AlarmDefinition, failed: list[Sample], requests: list[Sample], end: datetime, count: int
) -> tuple[cloudwatch.Datapoint, ...]:
    query = definition.compared
    assert query is not None
    points = datapoints(failed, query.statistic or "Sum", end, definition.period_seconds, count)
    if not query.expression:
        return points
    metrics = {
        "errors": tuple(point.value for point in points),
        "invocations": tuple(
            point.value for point in datapoints(requests, "Sum", end, definition.period_seconds, count)
        ),
    }
    values = evaluate_expression(query.expression, metrics, {})
    return tuple(cloudwatch.Datapoint(point.timestamp, value) for point, value in zip(points, values, strict=True))
