"""The steps of a rollback and of a recovery, what interrupts them, and who goes on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import stamina

from rollback_plugin.backend.locks import Lock
from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.decision import Action, Decision
from rollback_plugin.controller.execution import OperationResult
from rollback_plugin.controller.operate import NothingToDo
from rollback_plugin.controller.progress import (
    ConsumersStayed,
    EngineProgress,
    OperationStarted,
    StaleLockBroken,
    WaitingForLock,
    WaitingForOwner,
)
from rollback_plugin.controller.signs_of_life import SignsOfLife
from rollback_plugin.errors import (
    CloudUnreachable,
    DamagedSnapshot,
    EngineFailed,
    EngineLocked,
    NothingHealthy,
    NotReplayable,
    OperationInProgress,
    UnknownVersion,
    WriteConflict,
)
from rollback_plugin.journal.entries import (
    Held,
    OperationFailed,
    ReasonCode,
    Recovered,
    Released,
    RollbackStarted,
    TrafficShifted,
)
from rollback_plugin.journal.options import DataPolicy, Keeping, OperationOptions, Strategy
from rollback_plugin.journal.status import Verdict
from tests.unit.controller.stand import ME, STACK, ProcessKilled, Stand, engine_failure, resource, urn

SOMEBODY_HERE = Actor("me", "here", 999_999_999)
SOMEBODY_ELSEWHERE = Actor("me", "there", 1)


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    stand = Stand(tmp_path)
    stand.two_versions()
    return stand


def decision(action: Action = Action.ROLL_BACK, version: int = 2, target: int = 1) -> Decision:
    return Decision(action, ReasonCode.ALARM_AFTER_DEPLOY, version, target, "because", ("errors",))


class TestUndo:
    def test_moves_consumers_then_the_engine_then_says_so(self, stand: Stand) -> None:
        result = stand.operator.undo()

        assert isinstance(result, OperationResult)
        assert (result.kind, result.undoes, result.target) == ("rollback", 2, 1)
        assert stand.engine.applied == [(1, "1")]
        assert stand.events == ["rollback_started", "traffic_shifted", "rolled_back"]
        assert stand.status().applied == 1
        assert stand.status().version(2).verdict is Verdict.QUARANTINED

    def test_goes_to_the_version_named(self, stand: Stand) -> None:
        stand.wait(30)
        stand.deploy()

        stand.operator.undo(1)

        assert stand.status().applied == 1

    def test_to_the_version_applied_is_nothing_to_do(self, stand: Stand) -> None:
        assert stand.operator.undo(2) == NothingToDo(2)
        assert stand.events == []

    def test_to_a_version_that_does_not_exist_names_those_that_do(self, stand: Stand) -> None:
        with pytest.raises(UnknownVersion, match="1, 2"):
            stand.operator.undo(7)

    def test_without_a_healthy_version_says_what_there_is(self, tmp_path: Path) -> None:
        stand = Stand(tmp_path)
        stand.deploy()
        with pytest.raises(NothingHealthy, match=r"1 is baking.*--to N"):
            stand.operator.undo()
        assert stand.events == []

    def test_of_a_stack_never_deployed_says_to_deploy_it(self, tmp_path: Path) -> None:
        with pytest.raises(NothingHealthy, match="pulumi up"):
            Stand(tmp_path).operator.undo()

    def test_to_a_version_put_in_the_place_of_the_one_that_was_journaled_is_refused(self, stand: Stand) -> None:
        (path,) = stand.folder.rglob("versions/00000001.json")
        path.write_bytes(path.read_bytes().replace(b'"message":""', b'"message":"another"'))

        with pytest.raises(DamagedSnapshot, match="is not the one the journal speaks of"):
            stand.operator.undo()
        with pytest.raises(DamagedSnapshot):
            stand.operator.plan_undo()

        assert stand.events == []
        assert stand.engine.applied == []

    def test_refused_by_the_plan_touches_nothing(self, stand: Stand) -> None:
        stand.engine.refusals[1] = "its bytes are gone"

        with pytest.raises(NotReplayable, match="its bytes are gone"):
            stand.operator.undo()

        assert stand.events == []
        assert stand.traffic.at == "2"

    def test_goes_on_with_what_the_engine_began_and_does_not_wait_for_its_lock(self, stand: Stand) -> None:
        stand.engine.known_plans = {1}

        stand.operator.undo()

        assert stand.engine.applied == [(1, "1")]
        assert stand.engine.given_up == []
        assert not [told for told in stand.progress if isinstance(told, WaitingForLock)]
        assert stand.backend.held == []

    def test_refused_by_the_plan_gives_up_what_the_engine_began(self, stand: Stand) -> None:
        stand.engine.known_plans = {1}
        stand.engine.refusals[1] = "its bytes are gone"

        with pytest.raises(NotReplayable, match="its bytes are gone"):
            stand.operator.undo()

        assert stand.engine.given_up == [1]
        assert stand.backend.held == []
        assert stand.events == []

    def test_overtaken_gives_up_what_the_engine_began_for_the_first_attempt(self, stand: Stand) -> None:
        stand.engine.known_plans = {1}
        signs = stand.operator.signs
        conflicts = [lambda: stand.journal.append_next(Released(version=1))]

        class OvertakenOnce(SignsOfLife):
            def give(self, operation: str) -> None:
                signs.give(operation)
                while conflicts:
                    conflicts.pop()()

        overtaken = OvertakenOnce(stand.store, STACK, ME, lambda: stand.now, lambda: 0.0)
        replace(stand.operator, signs=overtaken).undo()

        assert stand.engine.given_up == [1]
        assert stand.engine.applied == [(1, "1")]
        assert stand.backend.held == []

    def test_waits_for_somebodys_update_and_touches_nothing_when_it_lasts(self, stand: Stand) -> None:
        stand.backend.held.append(Lock("key", "ann", "laptop", 1, stand.now))

        with pytest.raises(EngineLocked, match="ann@laptop"):
            stand.operator.undo()

        assert stand.events == []
        assert stand.traffic.at == "2"
        assert any(isinstance(event, WaitingForLock) for event in stand.progress)

    def test_seals_a_deploy_that_nobody_recorded_first(self, stand: Stand) -> None:
        stand.wait(30)
        stand.recorder.pending.append(stand.deploy)

        result = stand.operator.undo()

        assert isinstance(result, OperationResult)
        assert (result.undoes, result.target) == (3, 2)

    def test_whose_engine_fails_is_journaled_and_not_held(self, stand: Stand) -> None:
        stand.engine.fails_with.append(engine_failure())

        with pytest.raises(EngineFailed, match="the provider refused"):
            stand.operator.undo()

        assert stand.events == ["rollback_started", "traffic_shifted", "operation_failed"]
        failure = stand.status().last_failure
        assert failure is not None
        assert failure.error == "the provider refused"


class TestConsumers:
    def test_stay_for_the_engine_when_the_old_version_would_miss_a_resource(self, tmp_path: Path) -> None:
        stand = Stand(tmp_path)
        stand.deploy(resource("aws:iam/rolePolicy:RolePolicy", "read-table", urn("aws:iam/role:Role", "role")))
        stand.wait(30)
        stand.deploy()

        stand.operator.undo()

        assert stand.engine.applied == [(1, "2")]
        assert stand.events == ["rollback_started", "rolled_back"]
        (stayed,) = [event for event in stand.progress if isinstance(event, ConsumersStayed)]
        assert "read-table" in stayed.why

    def test_stay_for_the_engine_when_what_the_old_version_needs_was_replaced(self, tmp_path: Path) -> None:
        grant = resource("aws:iam/rolePolicy:RolePolicy", "read-table", urn("aws:iam/role:Role", "role"))
        stand = Stand(tmp_path)
        stand.deploy(grant)
        stand.wait(30)
        stand.deploy(grant | {"id": "replaced"})

        stand.operator.undo()

        assert stand.engine.applied == [(1, "2")]

    def test_move_first_when_what_is_missing_has_nothing_to_do_with_the_function(self, tmp_path: Path) -> None:
        stand = Stand(tmp_path)
        stand.deploy(resource("aws:ssm/parameter:Parameter", "price-list"))
        stand.wait(30)
        stand.deploy()

        stand.operator.undo()

        assert stand.engine.applied == [(1, "1")]

    def test_stay_when_the_function_version_is_gone(self, stand: Stand) -> None:
        stand.traffic.gone.add("1")

        stand.operator.undo()

        assert stand.engine.applied == [(1, "2")]

    def test_stay_when_aws_does_not_answer_and_the_engine_goes_on(self, stand: Stand) -> None:
        stand.traffic.fails_with = CloudUnreachable("no answer")

        stand.operator.undo()

        assert stand.status().applied == 1
        assert any(isinstance(event, ConsumersStayed) and "no answer" in event.why for event in stand.progress)

    def test_follow_the_engine_where_its_state_did_not_change(self, stand: Stand) -> None:
        """An automatic rollback was refused after consumers had moved; recovering version 2 brings them back."""
        stand.engine.fails_with.append(NotReplayable("bytes are gone"))
        with pytest.raises(NotReplayable):
            stand.operator.carry_out(decision(), stand.status())
        assert stand.traffic.at == "1"
        stand.engine.nothing_to_change_for.add(2)

        stand.operator.recover()

        assert stand.traffic.at == "2"


class TestRecover:
    def test_applies_the_newest_version_and_leaves_consumers_to_the_engine(self, stand: Stand) -> None:
        stand.operator.undo()
        on_old = stand.traffic.at

        result = stand.operator.recover()

        assert isinstance(result, OperationResult)
        assert (result.kind, result.target) == ("recovery", 2)
        assert stand.engine.applied[-1] == (2, on_old)
        assert stand.events[-2:] == ["recovery_started", "recovered"]
        assert stand.status().version(2).verdict is Verdict.BAKING

    def test_of_what_is_applied_is_nothing_to_do(self, stand: Stand) -> None:
        assert stand.operator.recover() == NothingToDo(2)

    def test_of_a_stack_never_deployed_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownVersion, match="pulumi up"):
            Stand(tmp_path).operator.recover()


class TestRecoveryAfterALaterDeploy:
    """Version 2 was rolled back to 1, and version 3 deployed since."""

    KEPT = Keeping(base=1, version=3)

    @pytest.fixture
    def stand(self, stand: Stand) -> Stand:
        stand.operator.undo()
        stand.wait(30)
        stand.deploy()
        stand.wait(30)
        return stand

    def test_takes_the_version_rolled_back_and_keeps_what_the_later_one_changed(self, stand: Stand) -> None:
        result = stand.operator.recover()

        assert isinstance(result, OperationResult)
        assert (result.target, result.keeping) == (2, 3)
        assert stand.engine.asked_for[-1] == OperationOptions(keeping=self.KEPT)
        recovered = stand.happened()[-1]
        assert isinstance(recovered, Recovered)
        assert recovered.keeping == 3
        status = stand.status()
        assert (status.applied, status.keeping, status.version(2).verdict) == (2, self.KEPT, Verdict.BAKING)

    def test_is_planned_as_it_is_done(self, stand: Stand) -> None:
        stand.engine.refusals[2] = "both changed it"

        target, plan = stand.operator.plan_recover()
        assert (target, len(plan.refusals)) == (2, 1)
        with pytest.raises(NotReplayable, match="both changed it"):
            stand.operator.recover()

    def test_done_is_nothing_to_do_again(self, stand: Stand) -> None:
        stand.operator.recover()

        assert stand.operator.recover() == NothingToDo(2)

    def test_undone_goes_back_to_what_it_kept_and_keeps_it_again_when_recovered(self, stand: Stand) -> None:
        stand.operator.recover()
        stand.wait(1)

        undone = stand.operator.undo()
        stand.operator.recover()

        assert isinstance(undone, OperationResult)
        assert undone.target == 3
        assert stand.engine.asked_for[-1].keeping == self.KEPT

    def test_is_carried_on_with_what_it_began_with(self, stand: Stand) -> None:
        stand.killed_at_progress = OperationStarted
        with pytest.raises(ProcessKilled):
            stand.operator.recover(2)
        stand.killed_at_progress = None

        stand.operator_of(ME).recover()

        assert stand.engine.asked_for[-1].keeping == self.KEPT

    def test_after_a_rollback_that_failed_half_way_is_refused(self, stand: Stand) -> None:
        stand.engine.fails_with.append(engine_failure())
        with pytest.raises(EngineFailed):
            stand.operator.undo(1)

        with pytest.raises(NotReplayable, match=r"failed half-way.*rollback undo"):
            stand.operator.recover(2)

    def test_of_a_rolled_back_later_one_keeps_nothing(self, stand: Stand) -> None:
        stand.operator.undo(1)

        result = stand.operator.recover()

        assert isinstance(result, OperationResult)
        assert (result.target, result.keeping) == (3, None)
        assert stand.operator.recover() == NothingToDo(3)

    def test_of_a_version_never_rolled_back_applies_it_as_it_is(self, stand: Stand) -> None:
        stand.operator.recover(1)

        assert stand.engine.asked_for[-1].keeping is None

    def test_forgets_what_was_kept_once_somebody_deploys(self, stand: Stand) -> None:
        stand.operator.recover()
        stand.wait(1)
        stand.deploy()

        assert stand.status().keeping is None
        assert stand.operator.recover() == NothingToDo(4)


class TestAutomatically:
    def test_does_what_was_decided(self, stand: Stand) -> None:
        stand.operator.carry_out(decision(), stand.status())

        started = next(event for event in stand.happened() if isinstance(event, RollbackStarted))
        assert (started.reason, started.alarms) == (ReasonCode.ALARM_AFTER_DEPLOY, ("errors",))

    def test_a_decision_on_an_old_status_is_not_carried_out(self, stand: Stand) -> None:
        status = stand.status()
        stand.journal.append_next(Held(version=2, reason=ReasonCode.UPDATE_FAILED, explanation=""))

        with pytest.raises(WriteConflict):
            stand.operator.carry_out(decision(), status)

        assert stand.engine.applied == []

    def test_a_refused_plan_leaves_consumers_on_the_old_version_and_holds_the_rest(self, stand: Stand) -> None:
        stand.engine.fails_with.append(NotReplayable("bytes are gone"))

        with pytest.raises(NotReplayable):
            stand.operator.carry_out(decision(), stand.status())

        assert stand.traffic.at == "1"
        assert stand.events == ["rollback_started", "traffic_shifted", "held", "operation_failed"]
        held = stand.status().held
        assert held is not None
        assert (held.version, held.reason) == (2, ReasonCode.PLAN_REFUSED)

    def test_an_engine_that_fails_is_run_again(self, stand: Stand) -> None:
        stand.engine.fails_with += [engine_failure(), engine_failure()]

        stand.operator.carry_out(decision(), stand.status())

        assert stand.status().applied == 1

    def test_an_engine_that_goes_on_failing_holds_the_stack(self, stand: Stand) -> None:
        stand.engine.fails_with += [engine_failure() for _ in range(3)]

        with pytest.raises(EngineFailed):
            stand.operator.carry_out(decision(), stand.status())

        held = stand.status().held
        assert held is not None
        assert held.reason is ReasonCode.OPERATION_FAILED

    def test_a_deploy_meanwhile_ends_it_and_brings_consumers_to_that(self, stand: Stand) -> None:
        stand.engine.fails_with.append(EngineLocked("ann is deploying"))

        def deployed_before_consumers_were_moved_back() -> None:
            stand.deploy()
            stand.traffic.at = "1"

        stand.engine.on_apply = lambda: stand.recorder.pending.append(deployed_before_consumers_were_moved_back)

        with pytest.raises(WriteConflict, match="version 3 was deployed meanwhile"):
            stand.operator.carry_out(decision(), stand.status())

        assert stand.traffic.at == "3"
        assert stand.status().operation is None
        assert stand.status().applied == 3

    def test_a_lock_that_lasts_leaves_the_operation_to_be_carried_on(self, stand: Stand) -> None:
        stand.engine.fails_with += [EngineLocked("ann is deploying") for _ in range(3)]

        with pytest.raises(EngineLocked):
            stand.operator.carry_out(decision(), stand.status())
        assert stand.status().operation is not None

        stand.operator.resume()
        assert stand.status().applied == 1


class TestAfterACrash:
    """A process is killed at some point of a rollback; another one goes on."""

    def killed_in_the_engine(self, stand: Stand, actor: Actor) -> None:
        stand.engine.fails_with.append(ProcessKilled())
        with pytest.raises(ProcessKilled):
            stand.operator_of(actor).carry_out(decision(), stand.status())

    def test_what_is_left_is_done_by_who_comes_next(self, stand: Stand) -> None:
        self.killed_in_the_engine(stand, SOMEBODY_HERE)

        result = stand.operator.resume()

        assert result is not None
        assert stand.status().applied == 1
        assert stand.events == ["rollback_started", "traffic_shifted", "taken_over", "rolled_back"]
        assert [event.resumed for event in stand.progress if isinstance(event, OperationStarted)] == [False, True]

    def test_it_goes_on_with_the_options_it_was_begun_with(self, stand: Stand) -> None:
        stand.engine.fails_with.append(ProcessKilled())
        follow = OperationOptions(data=DataPolicy.FOLLOW, strategy=Strategy.SOURCE)
        with pytest.raises(ProcessKilled):
            stand.operator_of(SOMEBODY_HERE).undo(options=follow)

        stand.operator.undo(options=OperationOptions(data=DataPolicy.KEEP))

        assert stand.engine.asked_for == [follow, follow]

    def test_the_killed_engines_last_throes_are_outlasted(self, stand: Stand) -> None:
        """It still changes the stack while the next process begins: that one's engine fails, and is run again."""
        self.killed_in_the_engine(stand, SOMEBODY_HERE)
        stand.engine.fails_with += [engine_failure(), engine_failure()]

        stand.operator.resume()

        assert stand.status().applied == 1

    def test_an_undo_carries_on_with_it_instead_of_beginning_another(self, stand: Stand) -> None:
        self.killed_in_the_engine(stand, SOMEBODY_HERE)

        stand.operator.undo()

        assert stand.events.count("rollback_started") == 1

    def test_an_engine_that_had_finished_is_not_run_again(self, stand: Stand) -> None:
        stand.killed_at_progress = EngineProgress
        with pytest.raises(ProcessKilled):
            stand.operator_of(SOMEBODY_HERE).carry_out(decision(), stand.status())
        stand.killed_at_progress = None

        stand.operator.resume()

        assert len(stand.engine.applied) == 1
        assert stand.status().applied == 1

    def test_a_process_elsewhere_is_left_alone_until_it_was_silent_for_a_minute(self, stand: Stand) -> None:
        self.killed_in_the_engine(stand, SOMEBODY_ELSEWHERE)

        with pytest.raises(OperationInProgress, match="me@there:1"):
            stand.operator.resume()
        stand.pass_seconds(59)
        with pytest.raises(OperationInProgress):
            stand.operator.resume()

        stand.pass_seconds(1)
        stand.operator.resume()
        assert stand.status().applied == 1

    def test_a_person_waits_for_that_minute(self, stand: Stand) -> None:
        self.killed_in_the_engine(stand, SOMEBODY_ELSEWHERE)

        stand.operator.undo()

        assert stand.status().applied == 1
        assert WaitingForOwner("me@there:1") in stand.progress

    def test_a_lock_that_the_killed_engine_left_is_broken_and_that_is_journaled(self, stand: Stand) -> None:
        self.killed_in_the_engine(stand, SOMEBODY_HERE)
        left = Lock("key", ME.user, ME.host, 999_999_998, stand.now)
        stand.backend.held.append(left)
        stand.engine.fails_with.append(EngineLocked("locked"))

        stand.operator.resume()

        assert stand.backend.broken == [left]
        assert "lock_broken" in stand.events
        assert any(isinstance(event, StaleLockBroken) for event in stand.progress)

    def test_a_lock_that_an_engine_elsewhere_left_is_broken_once_that_must_have_ended(self, stand: Stand) -> None:
        stand.engine.process_id = 999_999_998
        self.killed_in_the_engine(stand, SOMEBODY_ELSEWHERE)
        left = Lock("key", "anybody", SOMEBODY_ELSEWHERE.host, 999_999_998, stand.now)
        stand.backend.held.append(left)

        stand.wait(14)
        with pytest.raises((EngineLocked, OperationInProgress)):
            stand.operator.resume()
        stand.wait(2)
        stand.operator.resume()

        assert stand.backend.broken == [left]
        assert stand.status().applied == 1

    @pytest.mark.parametrize(
        ("user", "host", "minutes"),
        [("ann", ME.host, 0), (ME.user, "laptop", 0), (ME.user, ME.host, -60)],
        ids=["of another user", "of another machine", "from before the operation"],
    )
    def test_a_lock_that_may_be_somebody_elses_is_never_broken(
        self, stand: Stand, user: str, host: str, minutes: int
    ) -> None:
        self.killed_in_the_engine(stand, SOMEBODY_HERE)
        stand.backend.held.append(Lock("key", user, host, 999_999_998, stand.now + timedelta(minutes=minutes)))
        stand.engine.fails_with += [EngineLocked("locked") for _ in range(3)]

        with pytest.raises(EngineLocked):
            stand.operator.resume()

        assert stand.backend.broken == []

    def test_consumers_that_the_engine_had_moved_on_are_not_moved_back_again(self, stand: Stand) -> None:
        self.killed_in_the_engine(stand, SOMEBODY_HERE)
        stand.traffic.at = "published anew by the killed engine"

        stand.operator.resume()

        assert stand.engine.applied == [(1, "published anew by the killed engine")]

    def test_the_journal_tells_the_shift_once(self, stand: Stand) -> None:
        self.killed_in_the_engine(stand, SOMEBODY_HERE)
        stand.operator.resume()

        assert sum(isinstance(event, TrafficShifted) for event in stand.happened()) == 1
        assert not any(isinstance(event, OperationFailed) for event in stand.happened())
