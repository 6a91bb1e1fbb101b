"""Numbered examples: pair 17 is the same chain of programs on every machine, and a failing one can be shrunk."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.equivalence.model import Chain
from tests.equivalence.strategies import chains
from tests.equivalence.trial import Outcome, Verdict

DRAWS = 4
"""Hypothesis begins with the simplest examples; the one it draws after this many is taken."""
ATTEMPTS = 8
"""Programs that can't be deployed one after the other are no example: so many others are drawn instead."""

Try = Callable[[Chain], Outcome]


def drawn(pair: int, attempt: int = 0) -> Chain:
    """The chain with this number."""
    seen: list[Chain] = []
    _run(pair, attempt, seen.append, (Phase.generate,))
    return seen[-1]


def tried_until_deployable(pair: int, attempt: Try) -> tuple[int, Outcome]:
    """Try the pair, or the first of its attempts that can be deployed; return which, and what came out."""
    for number in range(ATTEMPTS):
        outcome = attempt(drawn(pair, number))
        if outcome.verdict is not Verdict.UNDEPLOYABLE:
            break
    return number, outcome


def shrunk(pair: int, attempt: int, trial: Try) -> tuple[Chain, Outcome] | None:
    """The simplest chain found that fails as this pair does; None if it doesn't fail."""
    calls: list[Chain] = []
    _run(pair, attempt, calls.append, (Phase.generate,))
    known: dict[Chain, Outcome] = {}
    failing: list[Chain] = []
    count = 0

    def fail_alike(chain: Chain) -> None:
        nonlocal count
        count += 1
        if not failing and count < len(calls):
            return
        if chain not in known:
            known[chain] = trial(chain)
        if known[chain].verdict is Verdict.FAILED:
            failing.append(chain)
            raise _Fails

    try:
        _run(pair, attempt, fail_alike, (Phase.generate, Phase.shrink))
    except _Fails:
        return failing[-1], known[failing[-1]]
    return None


class _Fails(Exception):
    """What Hypothesis shrinks."""


def _run(pair: int, attempt: int, body: Callable[[Chain], Any], phases: tuple[Phase, ...]) -> None:
    @seed(pair * ATTEMPTS + attempt)
    @settings(
        max_examples=DRAWS,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(chains())
    def examples(chain: Chain) -> None:
        body(chain)

    examples()
