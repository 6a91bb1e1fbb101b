"""Rollback and recovery where what there is is another."""

import pytest

from tests.replay.both_ways import goes_both_ways
from tests.replay.deployed_stack import DeployedStack
from tests.replay.program_pairs import RESOURCES, Pair

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


@pytest.mark.parametrize("pair", RESOURCES.values(), ids=RESOURCES.keys())
def test_rollback_and_recovery_do_what_the_programs_would(stack: DeployedStack, pair: Pair) -> None:
    goes_both_ways(stack, pair)
