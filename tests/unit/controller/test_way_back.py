"""The way back of what was just deployed is worked out, journaled once, and shown."""

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.controller.beside import Beside, answered, keep
from rollback_plugin.controller.targets import way_back_target
from rollback_plugin.controller.watch import Watch
from rollback_plugin.controller.way_back import WayBack
from rollback_plugin.errors import DamagedSnapshot, EngineFailed, EngineNotFound
from rollback_plugin.journal.entries import AlarmState, Planned, RollbackStarted
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.replay.plan import Plan, Reason, Refusal, Remark
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import ALARM, Stand


class Planning(Stand):
    """What the engine plans is what the test says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.answer: Plan | Exception = Plan((), (), ())
        self.asked: list[int] = []
        self.engine.plan = self._plan  # type: ignore[method-assign]

    def _plan(self, target: int, options: object) -> Plan:
        self.asked.append(target)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def way_back(self) -> WayBack:
        return WayBack(self.journal, self.engine, self.consumers_ahead, lambda: self.now)

    def kept(self) -> Planned | None:
        return self.status().versions[-1].way_back


@pytest.fixture
def stack(tmp_path: Path) -> Planning:
    return Planning(tmp_path)


def test_the_first_version_has_no_way_back_to_work_out(stack: Planning) -> None:
    stack.deploy()

    assert answered(stack.way_back) is None
    assert stack.events == []


def test_the_way_back_of_a_new_version_is_journaled_once(stack: Planning) -> None:
    stack.two_versions()

    planned = answered(stack.way_back)

    assert planned == stack.kept() == Planned(version=2, target=1, verdict=Reversibility.REVERSIBLE)
    assert answered(stack.way_back) is None
    assert stack.asked == [1]


@pytest.mark.parametrize(
    ("answer", "verdict", "reason"),
    [
        (
            Plan((), (), (Remark("urn:x", "it comes back empty", Reason.DATA_EMPTY),)),
            Reversibility.REVERSIBLE_BUT,
            "urn:x: it comes back empty",
        ),
        (
            Plan((), (Refusal("urn:x", "source", "the bytes are gone", Reason.BYTES_MISSING),), ()),
            Reversibility.ONE_WAY,
            "urn:x (source): the bytes are gone",
        ),
        (
            Plan((), (Refusal("urn:x", "", "value hunter2 is bad", Reason.ENGINE_REFUSES),), ()),
            Reversibility.ONE_WAY,
            "urn:x: the engine refuses it; `rollback plan` shows what it says",
        ),
        (DamagedSnapshot("it is damaged"), Reversibility.ONE_WAY, "it is damaged"),
        (EngineNotFound("there is no pulumi"), Reversibility.UNKNOWN, "there is no pulumi"),
        (
            EngineFailed("it said hunter2"),
            Reversibility.UNKNOWN,
            "the engine could not work it out; `rollback plan` shows what it says",
        ),
    ],
)
def test_what_stands_in_the_way_is_journaled_without_values(
    stack: Planning, answer: Plan | Exception, verdict: Reversibility, reason: str
) -> None:
    stack.two_versions()
    stack.answer = answer

    answered(stack.way_back)

    assert stack.kept() == Planned(version=2, target=1, verdict=verdict, reasons=(reason,))


def test_without_a_version_that_can_be_gone_back_to_there_is_none(stack: Planning) -> None:
    stack.deploy(succeeded=False)
    stack.deploy()

    planned = answered(stack.way_back)

    assert planned is not None
    assert (planned.target, planned.verdict) == (None, Reversibility.ONE_WAY)
    assert planned.reasons == ("there is no version before it to go back to: 1 is failed",)
    assert stack.asked == []


def test_it_leads_to_the_last_healthy_version_or_else_to_one_that_may_become_so(stack: Planning) -> None:
    stack.deploy()
    stack.wait(30)
    stack.deploy()
    stack.wait(1)
    stack.deploy()

    assert way_back_target(stack.status(), 3) == 1
    assert way_back_target(stack.status(), 2) == 1


def test_a_version_still_baking_is_better_than_none(stack: Planning) -> None:
    stack.deploy()
    stack.wait(1)
    stack.deploy()

    assert way_back_target(stack.status(), 2) == 1


def test_an_answer_that_comes_after_a_rollback_began_is_dropped(stack: Planning) -> None:
    stack.two_versions()
    planned = stack.way_back.work_out(2)
    stack.journal.append_next(RollbackStarted(operation="o", undoes=2, target=1, reason="REQUESTED"))  # type: ignore[arg-type]

    assert not keep(stack.way_back, 2, planned)
    assert stack.events == ["rollback_started"]


class Later(Executor):
    """Does what it was given when the test says so."""

    def __init__(self) -> None:
        self.given: list[tuple[Future[Any], Any]] = []

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.given.append((future, lambda: function(*arguments, **named)))
        return future

    def work(self) -> None:
        while self.given:
            future, function = self.given.pop()
            future.set_result(function())


def test_a_watch_goes_on_judging_while_the_way_back_is_worked_out(stack: Planning) -> None:
    stack.two_versions()
    cloudwatch, later = CloudWatch(), Later()
    cloudwatch.put(ALARM, AlarmState.OK, stack.now)
    watch = Watch([stack.controller(cloudwatch.source, cloudwatch.counter())], Beside(later))

    for _ in range(3):
        watch.tick()
    assert (len(later.given), stack.events) == (2, [])

    later.work()
    watch.tick()

    assert stack.events == ["planned", "detection"]
    assert later.given == []


def test_a_watch_that_ends_journals_what_it_began(stack: Planning) -> None:
    stack.two_versions()
    cloudwatch, later = CloudWatch(), Later()
    cloudwatch.put(ALARM, AlarmState.OK, stack.now)
    watch = Watch([stack.controller(cloudwatch.source, cloudwatch.counter())], Beside(later))

    watch.tick()
    later.work()
    watch.finish()

    assert stack.events == ["planned", "detection"]
