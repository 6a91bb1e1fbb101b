"""Several workers on one stack, with clocks that are wrong, and with events that come late, twice, or not at all."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import count

import pytest
import stamina
from hypothesis import given, settings
from hypothesis import strategies as st

from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.stack_controller import Round
from rollback_plugin.controller.watch import FailedRound
from rollback_plugin.errors import EngineLocked, OperationInProgress
from rollback_plugin.journal.entries import ReasonCode, RollbackStarted
from tests.unit.controller.machines import Machine, Points, World, later
from tests.unit.controller.stand import ProcessKilled

ACTORS = [Actor("ops", f"worker-{number}", 7) for number in range(3)]
ROUNDS = 16
SECONDS_BETWEEN = 47
"""Never a whole part of what policies wait for: a right clock may still be wrong by two seconds."""
FIVE_MINUTES = timedelta(minutes=5)
MINUTES = [-5, 0, 5]
LOOKS_UNTIL_ALL_IS_OVER = 40
NO_SKEW = [timedelta()] * len(ACTORS)

skews = st.lists(st.timedeltas(-FIVE_MINUTES, FIVE_MINUTES), min_size=len(ACTORS), max_size=len(ACTORS))
turns = st.lists(st.integers(0, len(ACTORS) - 1), min_size=ROUNDS, max_size=ROUNDS)


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def told(
    wrong_by: Sequence[timedelta], whose_turn: Sequence[int], *, calms_in: int | None, deploys_in: int | None
) -> tuple[list[object], list[str]]:
    """What was decided in each round, and what happened. The alarm calms, and somebody deploys, in these rounds."""
    world = World()
    machines = [Machine(world, actor, wrong_by=wrong) for actor, wrong in zip(ACTORS, wrong_by, strict=True)]
    decided: list[object] = []
    for number, turn in enumerate(whose_turn):
        if number == calms_in:
            world.calm()
        if number == deploys_in:
            world.deploy()
        outcome = machines[turn].round()
        assert isinstance(outcome, Round), outcome
        decided.append((outcome.decision.action, outcome.decision.reason, outcome.decision.target))
        later(world, SECONDS_BETWEEN)
    return decided, [*world.events, *(str(version.verdict) for version in world.status().versions)]


@settings(max_examples=20)
@given(
    wrong_by=skews,
    whose_turn=turns,
    calms_in=st.none() | st.integers(0, ROUNDS),
    deploys_in=st.none() | st.integers(1, ROUNDS),
)
def test_clocks_that_are_five_minutes_wrong_change_no_decision(
    wrong_by: list[timedelta], whose_turn: list[int], calms_in: int | None, deploys_in: int | None
) -> None:
    right = told(NO_SKEW, whose_turn, calms_in=calms_in, deploys_in=deploys_in)

    assert told(wrong_by, whose_turn, calms_in=calms_in, deploys_in=deploys_in) == right


def test_what_two_see_at_once_is_journaled_once() -> None:
    alone = Points()
    Machine(World(), ACTORS[0], alone).round()

    for place in range(len(alone.reached)):
        world = World()
        second = Machine(world, ACTORS[1])
        first = Machine(world, ACTORS[0], Points(meanwhile=at_point(place, second.round)))

        first.round()

        assert world.events.count("alarm") == 1, f"the second looked at {alone.reached[place]}"
        assert world.events.count("rollback_started") == 1


def at_point(place: int, do: Callable[[], object]) -> Callable[[str], None]:
    """Have something done when a process has come so far."""
    reached = count()

    def meanwhile(point: str) -> None:
        if next(reached) == place:
            do()

    return meanwhile


def ended_after_a_kill(wrong_by: Sequence[timedelta]) -> tuple[list[object], list[str]]:
    """What a second worker meets, look by look, and what happened, where the first was killed with its machine as soon
    as its engine held the stack."""
    uninterrupted = Points()
    Machine(World(), ACTORS[0], uninterrupted).round()
    kill_at = uninterrupted.reached.index("the engine locked") + 1
    world = World()
    first = Machine(world, ACTORS[0], Points(kill_at), engine_survives=False, wrong_by=wrong_by[0])
    second = Machine(world, ACTORS[1], wrong_by=wrong_by[1])
    with pytest.raises(ProcessKilled):
        first.round()
    met: list[object] = []
    while world.status().operation is not None:
        assert len(met) < LOOKS_UNTIL_ALL_IS_OVER, met
        later(world, SECONDS_BETWEEN)
        outcome = second.round()
        met.append(type(outcome.error) if isinstance(outcome, FailedRound) else outcome.decision.reason)
    return met, world.events


@pytest.mark.parametrize("second", MINUTES)
@pytest.mark.parametrize("first", MINUTES)
@pytest.mark.parametrize(
    ("calms_in", "deploys_in"),
    [(4, None), (None, None), (4, 8), (None, 2)],
    ids=["helped", "did not help", "deployed after it", "deployed while it rang"],
)
def test_of_two_workers_each_decides_as_if_its_clock_were_right(
    first: int, second: int, calms_in: int | None, deploys_in: int | None
) -> None:
    wrong_by = [timedelta(minutes=first), timedelta(minutes=second), timedelta()]
    taking_turns = [0, 1] * (ROUNDS // 2)

    decided = told(wrong_by, taking_turns, calms_in=calms_in, deploys_in=deploys_in)

    assert decided == told(NO_SKEW, taking_turns, calms_in=calms_in, deploys_in=deploys_in)


@pytest.mark.parametrize("second", MINUTES)
@pytest.mark.parametrize("first", MINUTES)
def test_what_a_lost_machine_left_is_ended_by_one_with_another_clock_and_just_as_soon(first: int, second: int) -> None:
    met, events = ended_after_a_kill([timedelta(minutes=first), timedelta(minutes=second)])

    assert (met, events) == ended_after_a_kill(NO_SKEW)
    assert met[0] is OperationInProgress
    assert EngineLocked in met
    assert events.count("taken_over") == events.count("lock_broken") == events.count("rolled_back") == 1


@settings(max_examples=20)
@given(data=st.data())
def test_rounds_that_come_late_twice_or_not_at_all_lead_to_one_rollback(data: st.DataObject) -> None:
    """A hint only says that it is time to look: whoever looks, however often, finds the same."""
    world = World()
    machines = [Machine(world, actor) for actor in ACTORS]
    for _ in range(data.draw(st.integers(1, 12), "hints")):
        for turn in data.draw(st.lists(st.integers(0, len(ACTORS) - 1), max_size=4), "who looks"):
            machines[turn].round()
        later(world, data.draw(st.sampled_from([0, 1, 20, 60]), "seconds later"))
    machines[0].round()

    assert world.events.count("rollback_started") == 1
    assert world.events.count("rolled_back") == 1
    assert world.changes[0] == 1


def test_an_operation_of_another_worker_is_left_to_it_and_ended_when_it_falls_silent() -> None:
    world = World()
    first, second, third = (Machine(world, actor) for actor in ACTORS)
    first.controller.operator.signs.give("op")
    status = first.controller.status()
    started = RollbackStarted(
        operation="op", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY, alarms=("errors",)
    )
    first.controller.journal.append(started, after=status.entries_seen)

    for machine in (second, third):
        outcome = machine.round()
        assert isinstance(outcome, FailedRound)
        assert isinstance(outcome.error, OperationInProgress)
    later(world, 60)
    assert isinstance(second.round(), Round)

    assert world.events.count("taken_over") == world.events.count("rolled_back") == 1
