"""A bake window of three days and a thousand requests, watched all the time, by processes that come and go."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import stamina

from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.stack_controller import Round
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.status import Verdict
from rollback_plugin.versions.service import Policy
from tests.unit.controller.machines import Machine, World
from tests.unit.controller.stand import ALARM

DAY = timedelta(days=1)
BAKE = 3 * DAY
REQUESTS = 1000
TICK = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class SlowlyBaked(World):
    """A stack with one version just deployed, whose alarm is quiet."""

    def __init__(self, requests_a_day: float = REQUESTS, processes: Callable[[int], int] = lambda tick: 0) -> None:
        """processes: which process looks in which tick."""
        super().__init__(Policy(bake_seconds=int(BAKE.total_seconds()), bake_requests=REQUESTS))
        self.calm()
        self._requests_a_day = requests_a_day
        self._processes = processes
        self._machines: dict[int, Machine] = {}
        self._ticks = 0

    def two_versions(self) -> None:
        self.deploy()

    def watch(self, until: datetime) -> None:
        while self.now < until:
            self.now = min(self.now + TICK, until)
            self._look()

    def verdicts(self) -> list[Verdict]:
        return [version.verdict for version in self.status().versions]

    def _look(self) -> None:
        newest = self.status().versions[-1].deployed_at
        self.cloudwatch.requests = self._requests_a_day * ((self.now - newest) / DAY)
        number = self._processes(self._ticks)
        self._ticks += 1
        if number not in self._machines:
            self._machines[number] = Machine(self, Actor("ops", f"host-{number % 3}", number))
        outcome = self._machines[number].round()
        assert isinstance(outcome, Round), outcome


def test_a_quiet_version_is_healthy_once_three_days_passed_and_not_before() -> None:
    world = SlowlyBaked()
    began = world.now

    world.watch(began + BAKE - timedelta(seconds=1))
    # The requests it asks for were served on the first day.
    assert world.verdicts() == [Verdict.BAKING]
    assert world.events == []

    world.watch(began + BAKE)
    assert world.verdicts() == [Verdict.HEALTHY]
    assert world.events == ["requests_reached"]


def test_with_too_few_requests_it_bakes_on_until_they_were_served() -> None:
    world = SlowlyBaked(requests_a_day=REQUESTS / 5)
    began = world.now

    world.watch(began + 5 * DAY - TICK)
    assert world.verdicts() == [Verdict.BAKING]

    world.watch(began + 5 * DAY)
    assert world.verdicts() == [Verdict.HEALTHY]


@pytest.mark.parametrize(
    "processes",
    [lambda tick: 0, lambda tick: tick, lambda tick: tick // 100],
    ids=["one process", "a new one each time", "one that is restarted now and then"],
)
def test_an_alarm_on_the_second_day_undoes_the_newest_of_several_deploys(processes: Callable[[int], int]) -> None:
    # Given a healthy version, one that was superseded within its bake window, and a third
    world = SlowlyBaked(processes=processes)
    world.watch(world.now + BAKE + TICK)
    world.deploy()
    world.watch(world.now + DAY)
    world.deploy()
    assert world.verdicts() == [Verdict.HEALTHY, Verdict.SUPERSEDED, Verdict.BAKING]

    # When an alarm rings on its second day
    world.watch(world.now + 2 * DAY - timedelta(hours=1))
    world.cloudwatch.put(ALARM, AlarmState.ALARM, world.now)
    world.watch(world.now + TICK)
    world.calm()
    world.watch(world.now + TICK)

    # Then it is rolled back to the healthy one, and stays so
    world.watch(world.now + BAKE)
    assert world.verdicts() == [Verdict.HEALTHY, Verdict.SUPERSEDED, Verdict.QUARANTINED]
    assert world.changes == [1]
    assert world.events == [
        "requests_reached",
        *("alarm", "rollback_started", "traffic_shifted", "rolled_back"),
        *("alarm", "rollback_verified"),
    ]
