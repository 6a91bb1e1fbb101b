"""Rounds over stacks in virtual time: alarms are what the tests say, and only engine and AWS are doubles."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
import stamina
from botocore.exceptions import EndpointConnectionError

from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.decision import Action, Decision
from rollback_plugin.controller.operate import Operator
from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.errors import CloudUnreachable, NotReplayable, OperationInProgress, StoreUnreachable, WriteConflict
from rollback_plugin.journal.entries import AlarmState, Answered, FreezeBegan, ReasonCode
from rollback_plugin.journal.status import Verdict
from rollback_plugin.versions.service import Policy
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import ALARM, ProcessKilled, Stand

OK, RINGING, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class Watched(Stand):
    """A stack with an alarm, version 1 healthy and version 2 just deployed, under watch."""

    def __init__(self, folder: Path, policy: Policy | None = None) -> None:
        super().__init__(folder, policy)
        self.cloudwatch = CloudWatch()
        self.two_versions()
        self.alarm_is(OK)
        self.watched = self.controller(self.cloudwatch.source, self.cloudwatch.counter())

    def alarm_is(self, state: AlarmState) -> None:
        self.cloudwatch.put(ALARM, state, self.now)

    def tick(self) -> Round:
        (outcome,) = Watch([self.watched]).tick()
        assert isinstance(outcome, Round), outcome
        return outcome

    def failing_tick(self) -> FailedRound:
        (outcome,) = Watch([self.watched]).tick()
        assert isinstance(outcome, FailedRound), outcome
        return outcome


@pytest.fixture
def stack(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_an_alarm_after_a_deploy_undoes_it_and_the_rollback_is_verified(stack: Watched) -> None:
    stack.wait(2)
    stack.alarm_is(RINGING)
    assert stack.tick().decision.action is Action.ROLL_BACK
    stack.wait(1)
    assert stack.tick().decision.reason is ReasonCode.VERIFYING
    stack.alarm_is(OK)
    assert stack.tick().decision.action is Action.VERIFIED

    assert stack.status().applied == 1
    assert stack.status().version(2).verdict is Verdict.QUARANTINED
    assert stack.events == [
        "alarm",
        "rollback_started",
        "traffic_shifted",
        "rolled_back",
        "alarm",
        "rollback_verified",
    ]


def test_a_rollback_that_does_not_help_is_followed_by_a_recovery_in_the_same_round(stack: Watched) -> None:
    stack.alarm_is(RINGING)
    stack.tick()
    stack.wait(4)

    last = stack.tick()

    assert (last.decision.action, last.decision.reason) == (Action.RECOVER, ReasonCode.ROLLBACK_DID_NOT_HELP)
    assert last.result is not None
    assert last.result.target == 2
    assert stack.events[-3:] == ["rollback_verified", "recovery_started", "recovered"]
    assert stack.status().version(2).verdict is Verdict.BAKING
    stack.wait(1)
    assert stack.tick().decision.reason is ReasonCode.ALARM_EXONERATED


def test_a_recovery_that_a_crash_kept_from_beginning_begins_in_the_next_round(stack: Watched) -> None:
    stack.alarm_is(RINGING)
    stack.tick()
    stack.wait(4)
    with pytest.MonkeyPatch.context() as crash:
        crash.setattr(Operator, "carry_out", _killed)
        with pytest.raises(ProcessKilled):
            stack.tick()
    assert stack.events[-1] == "rollback_verified"

    stack.tick()

    assert stack.events[-2:] == ["recovery_started", "recovered"]


def _killed(*_: object) -> None:
    raise ProcessKilled


def test_nothing_is_journaled_while_nothing_changes(stack: Watched) -> None:
    for _ in range(20):
        stack.tick()
        stack.wait(1)

    assert stack.events == []
    assert stack.status().version(2).verdict is Verdict.HEALTHY


def test_an_alarm_is_journaled_once_for_each_change(stack: Watched) -> None:
    stack.wait(40)
    stack.alarm_is(RINGING)
    for _ in range(3):
        stack.tick()
        stack.wait(1)
    stack.alarm_is(OK)
    stack.tick()
    stack.alarm_is(RINGING)
    stack.wait(1)
    stack.tick()

    assert stack.events == ["alarm", "alarm", "alarm"]
    assert stack.engine.applied == []


def test_a_hold_is_journaled_once(tmp_path: Path) -> None:
    stack = Watched(tmp_path)
    stack.journal.append_next(FreezeBegan())
    stack.alarm_is(RINGING)
    for _ in range(3):
        assert stack.tick().decision.reason is ReasonCode.FROZEN
        stack.wait(1)

    assert stack.events == ["frozen", "alarm", "held"]
    assert (stack.traffic.at, stack.engine.applied) == ("2", [])


def test_a_question_is_journaled_once_and_what_is_approved_is_done(tmp_path: Path) -> None:
    stack = Watched(tmp_path, Policy(bake_seconds=600, automatic_rollback=False))
    stack.alarm_is(RINGING)
    for _ in range(3):
        assert stack.tick().decision.reason is ReasonCode.AUTOMATIC_ROLLBACK_OFF
        stack.wait(1)
    assert stack.events == ["alarm", "asked"]
    question = stack.status().question
    assert question is not None

    stack.journal.append_next(Answered(question=question.asked.question, approved=True))

    assert stack.tick().decision.action is Action.ROLL_BACK
    assert stack.status().applied == 1
    assert stack.status().question is None
    stack.wait(1)
    assert stack.tick().decision.reason is ReasonCode.VERIFYING


def test_a_question_ends_with_the_next_deploy(tmp_path: Path) -> None:
    stack = Watched(tmp_path, Policy(bake_seconds=600, automatic_rollback=False))
    stack.alarm_is(RINGING)
    stack.tick()
    stack.wait(1)
    stack.deploy()

    assert stack.tick().decision.reason is ReasonCode.ALARM_BEFORE_DEPLOY
    assert stack.status().question is None


def test_a_muted_alarm_is_not_news_until_it_is_unmuted(stack: Watched) -> None:
    stack.wait(1)
    stack.alarm_is(RINGING)
    stack.cloudwatch.alarms[ALARM]["ActionsEnabled"] = False
    assert stack.tick().decision.reason is ReasonCode.ALARM_MUTED
    assert stack.events == []

    stack.cloudwatch.alarms[ALARM]["ActionsEnabled"] = True

    assert stack.tick().decision.action is Action.ROLL_BACK


def test_an_abandoned_rollback_is_left_alone_while_the_stack_is_frozen(stack: Watched) -> None:
    decision = Decision(Action.ROLL_BACK, ReasonCode.ALARM_AFTER_DEPLOY, 2, 1, "because", (ALARM,))
    stack.engine.fails_with.append(ProcessKilled())
    with pytest.raises(ProcessKilled):
        stack.operator_of(Actor("me", "here", 999_999_999)).carry_out(decision, stack.status())
    stack.journal.append_next(FreezeBegan(until=stack.now + timedelta(minutes=5)))

    assert stack.tick().decision.reason is ReasonCode.OPERATION_IN_PROGRESS
    assert stack.status().applied == 2

    stack.wait(5)
    stack.tick()
    assert stack.status().applied == 1


def test_a_version_bakes_until_its_services_served_enough_requests(tmp_path: Path) -> None:
    stack = Watched(tmp_path, Policy(bake_seconds=600, bake_requests=500))
    stack.cloudwatch.requests = 499
    stack.wait(30)
    stack.tick()
    assert stack.status().version(2).verdict is Verdict.BAKING

    stack.cloudwatch.requests = 500
    stack.tick()
    stack.wait(1)
    stack.tick()

    assert stack.status().version(2).verdict is Verdict.HEALTHY
    assert stack.events == ["requests_reached"]


def test_too_few_requests_wait_until_there_are_enough(tmp_path: Path) -> None:
    stack = Watched(tmp_path, Policy(bake_seconds=600, minimum_requests=50))
    stack.cloudwatch.requests = 49
    stack.alarm_is(RINGING)
    assert stack.tick().decision.reason is ReasonCode.TOO_FEW_REQUESTS

    stack.cloudwatch.requests = 50

    assert stack.tick().decision.action is Action.ROLL_BACK


def test_a_refused_plan_is_surfaced_and_held_and_not_tried_again(stack: Watched) -> None:
    stack.engine.fails_with.append(NotReplayable("bytes are gone"))
    stack.alarm_is(RINGING)

    assert isinstance(stack.failing_tick().error, NotReplayable)
    stack.wait(1)
    assert stack.tick().decision.reason is ReasonCode.PLAN_REFUSED

    assert stack.traffic.at == "1"
    assert stack.engine.applied == []


def test_a_deploy_nobody_recorded_is_sealed_before_anything_is_judged(stack: Watched) -> None:
    stack.wait(20)
    stack.recorder.pending.append(stack.deploy)
    stack.tick()
    stack.alarm_is(RINGING)
    stack.wait(1)
    stack.alarm_is(RINGING)

    assert stack.tick().decision.target == 2


@pytest.mark.parametrize("broken", ["store", "cloud"])
def test_trouble_is_surfaced_and_the_next_round_goes_on(stack: Watched, broken: str) -> None:
    stack.alarm_is(RINGING)
    if broken == "store":
        stack.recorder.fails_with = StoreUnreachable("the bucket is gone")
        assert isinstance(stack.failing_tick().error, StoreUnreachable)
    else:
        stack.cloudwatch.fails_with = EndpointConnectionError(endpoint_url="https://monitoring")
        assert isinstance(stack.failing_tick().error, CloudUnreachable)
    assert stack.engine.applied == []

    stack.recorder.fails_with = stack.cloudwatch.fails_with = None

    assert stack.tick().decision.action is Action.ROLL_BACK


def test_an_alarm_that_does_not_exist_is_named_and_the_others_are_judged(stack: Watched) -> None:
    del stack.cloudwatch.alarms[ALARM]

    last = stack.tick()

    assert last.decision.action is Action.WAIT
    assert last.missing is not None
    assert f"`{ALARM}`" in str(last.missing)


def test_an_abandoned_rollback_is_carried_on_with(stack: Watched) -> None:
    decision = Decision(Action.ROLL_BACK, ReasonCode.ALARM_AFTER_DEPLOY, 2, 1, "because", (ALARM,))
    stack.engine.fails_with.append(ProcessKilled())
    with pytest.raises(ProcessKilled):
        stack.operator_of(Actor("me", "here", 999_999_999)).carry_out(decision, stack.status())

    stack.tick()

    assert stack.status().applied == 1


def test_somebody_elses_rollback_is_left_alone(stack: Watched) -> None:
    decision = Decision(Action.ROLL_BACK, ReasonCode.ALARM_AFTER_DEPLOY, 2, 1, "because", (ALARM,))
    stack.engine.fails_with.append(ProcessKilled())
    with pytest.raises(ProcessKilled):
        stack.operator_of(Actor("me", "there", 1)).carry_out(decision, stack.status())

    assert isinstance(stack.failing_tick().error, OperationInProgress)


def test_two_watches_over_one_stack_roll_back_once(stack: Watched) -> None:
    """The second one decides on what it read before the first one acted."""
    stack.alarm_is(RINGING)
    second = stack.operator_of(Actor("me", "there", 1))
    seen = stack.status()
    stack.tick()

    decision = Decision(Action.ROLL_BACK, ReasonCode.ALARM_AFTER_DEPLOY, 2, 1, "because", (ALARM,))
    with pytest.raises(WriteConflict):
        second.carry_out(decision, seen)

    assert stack.events.count("rollback_started") == 1
    assert len(stack.engine.applied) == 1


class TestManyStacks:
    @pytest.fixture
    def stacks(self, tmp_path: Path) -> list[Watched]:
        return [Watched(_made(tmp_path / name)) for name in ("a", "b", "c")]

    def watched(self, stacks: list[Watched]) -> list[StackController]:
        shared = stacks[0].cloudwatch
        return [stack.controller(shared.source, shared.counter()) for stack in stacks]

    def test_their_alarms_are_read_at_once(self, stacks: list[Watched]) -> None:
        Watch(self.watched(stacks)).tick()

        assert len(stacks[0].cloudwatch.asked_for) == 1

    def test_one_stacks_trouble_is_not_anothers(self, stacks: list[Watched]) -> None:
        stacks[0].recorder.fails_with = StoreUnreachable("the bucket is gone")
        stacks[0].cloudwatch.put(ALARM, RINGING, stacks[0].now)

        outcomes = Watch(self.watched(stacks)).tick()

        assert [type(outcome) for outcome in outcomes] == [FailedRound, Round, Round]
        assert [stack.status().applied for stack in stacks] == [2, 1, 2]

    def test_those_that_share_an_alarm_are_undone_one_after_the_other(self, stacks: list[Watched]) -> None:
        watched = self.watched(stacks)
        stacks[0].cloudwatch.put(ALARM, RINGING, stacks[0].now)

        def tick(minutes: float) -> list[ReasonCode]:
            for stack in stacks:
                stack.wait(minutes)
            outcomes = Watch(watched).tick()
            return [outcome.decision.reason for outcome in outcomes if isinstance(outcome, Round)]

        went_off, shared = ReasonCode.ALARM_AFTER_DEPLOY, ReasonCode.SHARED_ALARM
        assert tick(0) == [went_off, shared, shared]
        assert tick(1) == [ReasonCode.VERIFYING, shared, shared]
        # It still rings: the first was not the cause, and comes back. Then it is the second one's turn.
        assert tick(3) == [ReasonCode.ROLLBACK_DID_NOT_HELP, shared, shared]
        assert tick(1) == [ReasonCode.ALARM_EXONERATED, went_off, shared]
        stacks[0].cloudwatch.put(ALARM, OK, stacks[0].now)
        assert tick(1) == [ReasonCode.NO_ALARM, ReasonCode.ALARM_CLEARED, ReasonCode.NO_ALARM]
        assert [stack.status().applied for stack in stacks] == [2, 1, 2]
        assert [stack.status().version(2).verdict for stack in stacks] == [
            Verdict.BAKING,
            Verdict.QUARANTINED,
            Verdict.SUSPECT,
        ]

    def test_the_policies_say_which_goes_first(self, tmp_path: Path) -> None:
        priorities = {"a": 100, "b": 5, "c": 50}
        stacks = [
            Watched(_made(tmp_path / name), Policy(bake_seconds=600, priority=priority))
            for name, priority in priorities.items()
        ]
        watched = self.watched(stacks)
        stacks[0].cloudwatch.put(ALARM, RINGING, stacks[0].now)

        Watch(watched).tick()

        assert [stack.status().applied for stack in stacks] == [2, 1, 2]

    def test_one_that_did_not_change_leaves_a_shared_alarm_alone(self, tmp_path: Path) -> None:
        old, new = Watched(_made(tmp_path / "old")), Watched(_made(tmp_path / "new"))
        for stack in (old, new):
            stack.wait(60)
        new.deploy()
        for stack in (old, new):
            stack.wait(1)
        new.cloudwatch.put(ALARM, RINGING, new.now)
        watched = [stack.controller(new.cloudwatch.source, new.cloudwatch.counter()) for stack in (old, new)]

        outcomes = Watch(watched).tick()

        reasons = [outcome.decision.reason for outcome in outcomes if isinstance(outcome, Round)]
        assert reasons == [ReasonCode.ALARM_OUTSIDE_BAKE_WINDOW, ReasonCode.ALARM_AFTER_DEPLOY]
        assert (old.status().applied, new.status().applied) == (2, 2)

    def test_a_stack_without_alarms_asks_nothing_of_aws(self, tmp_path: Path) -> None:
        bare = Stand(tmp_path)

        (outcome,) = Watch([bare.controller(_never, CloudWatch().counter())]).tick()

        assert isinstance(outcome, Round)
        assert outcome.decision.reason is ReasonCode.NO_ALARM


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _never() -> NoReturn:
    pytest.fail("CloudWatch was asked")


def test_a_watch_ticks_until_it_is_stopped_and_finishes_its_tick(stack: Watched) -> None:
    stop = threading.Event()
    ticks: list[tuple[Round | FailedRound, ...]] = []

    def on_tick(outcomes: tuple[Round | FailedRound, ...]) -> None:
        ticks.append(outcomes)
        if len(ticks) == 3:
            stop.set()

    Watch([stack.watched]).run(0.001, stop, on_tick)

    assert len(ticks) == 3


def test_a_tick_with_nothing_new_asks_the_store_for_the_journal_once_for_each_step(stack: Watched) -> None:
    stack.wait(40)
    stack.tick()
    listed: list[str] = []
    list_keys = stack.store.list

    def counted(prefix: str = "", *, after: str = "") -> Iterator[str]:
        listed.append(prefix)
        return list_keys(prefix, after=after)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stack.store, "list", counted)
        stack.tick()

    # To see new deploys (by the recorder, here a double), what is in progress, what is news, and to decide.
    assert listed.count("stacks/shop/dev/journal/") <= 4
