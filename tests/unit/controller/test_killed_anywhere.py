"""A process is killed at every point of a rollback, its verification and the recovery; another one goes on.

The points are counted, not listed: the same story is told again and again, killed one point later each time, until it
is told to its end. It must always end the same: one rollback, one verdict, one recovery.
"""

from collections.abc import Iterator
from itertools import count

import pytest
import stamina

from rollback_plugin.controller.actor import Actor
from rollback_plugin.journal.status import Verdict
from tests.unit.controller.machines import Machine, Points, World, later
from tests.unit.controller.stand import ProcessKilled

FIRST = Actor("ops", "first", 999_999_901)
SAME_HOST = Actor("ops", "first", 999_999_902)
ELSEWHERE = Actor("ops", "second", 999_999_903)
THIRD = Actor("ops", "third", 999_999_904)
HAPPENED = ["rollback_started", "rolled_back", "rollback_verified", "recovery_started", "recovered"]
DETAILS = {"alarm", "deployed", "lock_broken", "taken_over", "traffic_shifted"}
"""Which of these are journaled depends on where somebody was killed."""


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def watch(world: World, machine: Machine) -> None:
    """A round every four minutes, until nothing more is to happen: the alarm rings on, so the rollback doesn't help."""
    for _ in range(8):
        machine.round()
        assert world.traffic.at in world.function_versions
        if world.status().recovered:
            return
        later(world, 240)
    raise AssertionError(f"not settled: {world.events}")


def killed_at(world: World, actor: Actor, point: int, *, engine_survives: bool) -> str | None:
    """Watch until killed; what it was doing then, or None where it had ended before."""
    points = Points(point)
    try:
        watch(world, Machine(world, actor, points, engine_survives=engine_survives))
    except ProcessKilled:
        return points.reached[-1]
    return None


def must_have_ended_well(world: World, point: str) -> None:
    events = [event for event in world.events if event not in DETAILS]
    assert events == HAPPENED, f"killed {point}: {world.events}"
    status = world.status()
    assert (status.applied, status.operation) == (2, None), point
    assert status.version(2).verdict in (Verdict.BAKING, Verdict.HEALTHY), point
    assert world.changes == [1, 2], f"killed {point}: what engines changed"
    assert world.traffic.at == "22", point
    assert world.backend.held == [], f"killed {point}: a lock is left"
    signs = {key.split("/")[4] for key in world.store.list() if "/signs/" in key}
    assert len(signs) <= 2, f"killed {point}: more signs are left than processes were killed while removing them"


@pytest.mark.parametrize("next_", [SAME_HOST, ELSEWHERE], ids=["same machine", "another machine"])
@pytest.mark.parametrize("engine_survives", [True, False], ids=["process killed", "machine gone"])
def test_whoever_goes_on_gets_to_the_same_end(next_: Actor, engine_survives: bool) -> None:
    for point in count(1):
        world = World()
        killed = killed_at(world, FIRST, point, engine_survives=engine_survives)
        if killed is not None:
            later(world, 16 * 60)
            watch(world, Machine(world, next_))
        must_have_ended_well(world, killed or "nowhere")
        if killed is None:
            break
    assert point > 60


def test_so_it_is_when_the_second_is_killed_too() -> None:
    """Every point of the first with some of the second's: a different few each time."""
    tried = 0
    for point in count(1, 5):
        for second in range(1 + point % 11, 65, 11):
            world = World()
            first_killed = killed_at(world, FIRST, point, engine_survives=False)
            if first_killed is None:
                assert tried > 40
                return
            later(world, 16 * 60)
            second_killed = killed_at(world, ELSEWHERE, second, engine_survives=bool(second % 2))
            if second_killed is not None:
                tried += 1
                later(world, 16 * 60)
                watch(world, Machine(world, THIRD))
            must_have_ended_well(world, f"{first_killed}, then {second_killed}")
