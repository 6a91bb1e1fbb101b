"""Rollback and recovery where what resources are given is another."""

import pytest

from tests.replay.both_ways import goes_both_ways
from tests.replay.deployed_stack import DeployedStack
from tests.replay.program_pairs import VALUES, Pair

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


@pytest.mark.parametrize("pair", VALUES.values(), ids=VALUES.keys())
def test_rollback_and_recovery_do_what_the_programs_would(stack: DeployedStack, pair: Pair) -> None:
    goes_both_ways(stack, pair)
