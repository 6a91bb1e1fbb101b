"""Somebody runs `pulumi up` at any moment of a rollback or a recovery: the journal says what runs in the end."""

from collections.abc import Iterator
from itertools import count

import pytest
import stamina

from rollback_plugin.controller.actor import Actor
from tests.unit.controller.machines import Machine, Points, World, applied, function_version, later

WATCHER = Actor("ops", "first", 999_999_901)


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class Deployer:
    """Deploys once, as soon as the watcher has come so far and no engine holds the stack: theirs would wait."""

    def __init__(self, world: World, place: int, *, journaled: bool) -> None:
        self.points = Points(meanwhile=self._deploy)
        self.deployed_at: str | None = None
        self._world = world
        self._place = place
        self._journaled = journaled

    def _deploy(self, point: str) -> None:
        if len(self.points.reached) < self._place or self.deployed_at is not None or self._world.backend.held:
            return
        self.deployed_at = point
        later(self._world, 1)
        event = self._world.deploy_unrecorded()
        if self._journaled:
            self._world.journal.append_next(event)
        else:
            self._world.recorder.pending.append(lambda: self._world.journal.append_next(event))


@pytest.mark.parametrize("journaled", [True, False], ids=["journaled by another worker", "found by this one"])
def test_the_journal_says_what_runs(journaled: bool) -> None:
    for place in count(1):
        world = World()
        deployer = Deployer(world, place, journaled=journaled)
        watcher = Machine(world, WATCHER, deployer.points)
        for _ in range(8):
            watcher.round()
            later(world, 240)
        if deployer.deployed_at is None:
            break
        watcher.round()
        status = world.status()
        what = f"deployed {deployer.deployed_at}: {world.events}"
        assert (status.newest, status.operation) == (3, None), what
        assert status.applied == applied(world), what
        assert status.applied == 3, what
        assert world.traffic.at == function_version(world), what
        assert world.backend.held == [], what
    assert place > 40
