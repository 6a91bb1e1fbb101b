"""Rolled back and recovered, a stack is what running its programs makes of it: a few of the numbered pairs. `make
test-deep` tries any number of them; `make test-deep PAIR=3` shows and shrinks one."""

from collections.abc import Iterator

import pytest

from tests.equivalence.draws import tried_until_deployable
from tests.equivalence.trial import Verdict, tried
from tests.equivalence.workbench import Workbench

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

PAIRS = 7


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    with Workbench() as running:
        yield running


@pytest.mark.parametrize("pair", range(PAIRS))
def test_a_replay_does_what_the_programs_would_or_refuses(pair: int, bench: Workbench) -> None:
    _, outcome = tried_until_deployable(pair, lambda chain: tried(chain, bench))

    assert outcome.verdict in (Verdict.PASSED, Verdict.REFUSED, Verdict.REFUSED_ALIKE), "\n".join(outcome.details)
