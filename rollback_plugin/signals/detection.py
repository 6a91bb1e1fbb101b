"""Detection power: the smallest rise of the failing share that an alarm sees, and in what time. A pure function.

The model, for alarms that count failed requests or compare their share with a threshold:

- Requests fail independently of each other, each with the same probability, and as many come in every period as came
  on average. The number of failures in a period is then binomial, so is the number of periods that breach.
- The alarm sees a rise if it rings with a probability of 95 % or more by the end of the first `evaluation_periods`
  whole periods after it: that many of them, `datapoints_to_alarm`, must breach. The rise may come right after a period
  has begun, so that is one period more. A breach in the period that it came in only makes the alarm quicker.
- When a metric arrives, and when CloudWatch looks at it, isn't counted: AWS publishes most metrics once a minute.

Retries, outages and batches make failures come together, which moves the figure both ways: it says what kind of fault
an alarm is made for, not what will happen.
"""

import math
import re
from dataclasses import dataclass
from statistics import NormalDist

from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.signals.definition import AlarmDefinition, Comparison, Query

CONFIDENCE = 0.95
_EXACT_UP_TO = 2_000
"""Requests a period; of more, the normal distribution tells the same to three digits."""
_NUMBER = r"(\d+(?:\.\d*)?)"
_ID = r"([a-z][A-Za-z0-9_]*)"
_SHARES = (
    rf"(?P<scale>{_NUMBER})\*(?P<failed>{_ID})/(?P<all>{_ID})",
    rf"(?P<scale>{_NUMBER})\*\((?P<failed>{_ID})/(?P<all>{_ID})\)",
    rf"\(?(?P<failed>{_ID})/(?P<all>{_ID})\)?(?:\*(?P<scale>{_NUMBER}))?",
    rf"\((?P<failed>{_ID})\*(?P<scale>{_NUMBER})\)/(?P<all>{_ID})",
)
_COUNTED = (("Sum", "Sum"), ("Sum", "SampleCount"))
_FAILURES = re.compile(r"error|fail|fault|exception|[45]xx", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Failures:
    """How an alarm tells failing requests."""

    requests: Query | None
    """The query that counts all requests; None where the alarm counts failures alone."""
    whole: float | None
    """What it compares when every request fails (1, or 100 for percent); None where it compares a number of
    failures."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What comes to the services of an alarm."""

    requests_per_second: float
    failing_share: float = 0.0
    """Of 1; what fails at present."""


def failures_seen_by(definition: AlarmDefinition) -> Failures | None:
    """How the alarm tells failing requests; None where it isn't about them, or not in a form that is known: a sum of
    failures, the average of a metric that is 0 or 1 for each request, or failures divided by requests."""
    compared = definition.compared
    worse_when_higher = definition.comparison in (Comparison.GREATER, Comparison.GREATER_OR_EQUAL)
    if compared is None or definition.threshold is None or not worse_when_higher:
        return None
    if compared.metric is None:
        return _share(compared.expression, {query.id: query for query in definition.queries})
    if not _FAILURES.search(f"{compared.metric.namespace} {compared.metric.name}"):
        return None
    if compared.statistic == "Average":
        return Failures(requests=_counting(compared), whole=1.0)
    return Failures(requests=None, whole=None) if compared.statistic == "Sum" else None


def detection_power(
    alarm: str, definition: AlarmDefinition, failures: Failures, traffic: Traffic, present: str = "the present traffic"
) -> AlarmPower:
    """What the alarm sees at that traffic. `present` says in words when that was."""
    # Where the figure lies between two numbers, as few come as it may be, and as many failures are needed.
    in_period = round(traffic.requests_per_second * definition.period_seconds, 6)
    requests = math.floor(in_period)
    needed = _failures_needed(definition, failures, math.ceil(in_period))
    threshold = f"{definition.threshold:g}"
    if failures.whole is not None and _never_breaches(definition, failures.whole):
        return AlarmPower(
            alarm=alarm,
            sight=Sight.OUT_OF_REACH,
            explanation=f"Its threshold {threshold} is out of reach: {failures.whole:g} is what it compares when every "
            "request fails. Lower the threshold.",
        )
    if needed is None or needed > requests or requests == 0:
        return AlarmPower(
            alarm=alarm,
            sight=Sight.OUT_OF_REACH,
            explanation=f"It can't ring at {present}: {requests} requests come in a period of "
            f"{definition.period_seconds} s, and {needed or 1} must fail. Lower the threshold, or lengthen the period.",
        )
    share = smallest_share(definition, needed, requests)
    within = (definition.evaluation_periods + 1) * definition.period_seconds
    points = math.ceil(round(1000 * max(share - traffic.failing_share, 0.0), 6)) / 10
    sees = (
        f"It sees a rise of {points:g} points or more in failing requests within {within} s"
        if points
        else "So many requests fail now that it rings as things are"
    )
    return AlarmPower(
        alarm=alarm,
        sight=Sight.SEES,
        explanation=f"{sees}, at {present} ({requests} requests in {definition.period_seconds} s).",
        rise_points=points,
        within_seconds=within,
    )


def smallest_share(definition: AlarmDefinition, needed: int, requests: int) -> float:
    """The smallest share of failing requests, to a hundredth of a point, at which the alarm rings with 95 %
    probability."""
    low, high = 0, 10_000
    while low < high:
        middle = (low + high) // 2
        if _rings(definition, _at_least(needed, requests, middle / 10_000)) >= CONFIDENCE:
            high = middle
        else:
            low = middle + 1
    return low / 10_000


def _share(expression: str, queries: dict[str, Query]) -> Failures | None:
    written = expression.replace(" ", "")
    for form in _SHARES:
        match = re.fullmatch(form, written)
        if match is None:
            continue
        failed, requests = queries.get(match["failed"]), queries.get(match["all"])
        if failed is None or requests is None or (failed.statistic, requests.statistic) not in _COUNTED:
            return None
        return Failures(requests=requests, whole=float(match["scale"] or 1))
    return None


def _counting(query: Query) -> Query:
    """A query for how many values the metric got: for one that each request sends a 0 or a 1 to, the requests."""
    return Query(query.id, query.metric, "SampleCount", query.unit, query.period_seconds)


def _never_breaches(definition: AlarmDefinition, highest: float) -> bool:
    threshold = definition.threshold or 0.0
    return threshold >= highest if definition.comparison is Comparison.GREATER else threshold > highest


def _failures_needed(definition: AlarmDefinition, failures: Failures, requests: int) -> int | None:
    """The smallest number of failures in a period that breaches."""
    threshold = definition.threshold
    if threshold is None:
        return None
    # Rounded, because 5 % of 300 must be 15 and not a little more.
    limit = round(threshold if failures.whole is None else threshold * requests / failures.whole, 9)
    needed = math.floor(limit) + 1 if definition.comparison is Comparison.GREATER else math.ceil(limit)
    return max(needed, 0)


def _rings(definition: AlarmDefinition, breaching: float) -> float:
    """The probability that enough of the evaluated periods breach."""
    periods = definition.evaluation_periods
    return sum(
        math.comb(periods, count) * breaching**count * (1 - breaching) ** (periods - count)
        for count in range(definition.datapoints_to_alarm, periods + 1)
    )


def _at_least(needed: int, requests: int, share: float) -> float:
    """The probability that `needed` or more of the requests fail."""
    if needed <= 0:
        return 1.0
    if share in (0.0, 1.0):
        return share
    if requests > _EXACT_UP_TO:
        deviation = math.sqrt(requests * share * (1 - share))
        return 1 - NormalDist(requests * share, deviation).cdf(needed - 0.5)
    # In logarithms: the powers of small shares are too small for a float.
    fewer = math.fsum(
        math.exp(
            math.lgamma(requests + 1)
            - math.lgamma(count + 1)
            - math.lgamma(requests - count + 1)
            + count * math.log(share)
            + (requests - count) * math.log1p(-share)
        )
        for count in range(needed)
    )
    return 1 - min(fewer, 1.0)
