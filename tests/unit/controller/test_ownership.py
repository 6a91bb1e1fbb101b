"""Whose an operation is, and when somebody else may carry on with it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.ownership import Ownership
from rollback_plugin.controller.signs_of_life import SignsOfLife
from rollback_plugin.errors import OperationInProgress, StoreUnreachable, WriteConflict
from rollback_plugin.journal.entries import ReasonCode, RollbackStarted, RolledBack
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Operation
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore

STACK = StackName("shop", "dev")
ME = Actor.of_this_process()
ELSEWHERE = Actor("me", "there", 17)
FURTHER = Actor("me", "yonder", 17)
ENGINE = 4711


class Machine:
    """A process, with a clock that may be wrong and one that nobody sets."""

    def __init__(self, folder: Path, actor: Actor, began: datetime, wrong_by: timedelta = timedelta()) -> None:
        self.now = began + wrong_by
        self.ticks = 0.0
        self.store = FolderStore(folder)
        self.actor = actor
        self.signs = SignsOfLife(self.store, STACK, actor, lambda: self.now, lambda: self.ticks)
        self.journal = Journal(self.store, STACK, lambda: self.now, str(actor))
        self.while_it_waits: Callable[[], None] = lambda: None
        self.ownership = Ownership(
            STACK, self.journal, self.signs, actor, lambda: self.now, self.pause, lambda progress: None
        )

    def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.ticks += seconds
        self.while_it_waits()

    def begin(self) -> Operation:
        self.signs.give("op")
        self.journal.append_next(
            RollbackStarted(operation="op", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY)
        )
        return self.operation

    @property
    def operation(self) -> Operation:
        operation = fold(self.journal.entries(), self.now).operation
        assert operation is not None
        return operation

    def take_over(self) -> Operation:
        self.ownership.refuse_if_owner_lives(self.operation)
        return self.ownership.take_over(self.operation, len(self.journal.entries()))


@pytest.fixture
def began() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def me(tmp_path: Path, began: datetime) -> Machine:
    return Machine(tmp_path, ME, began)


@pytest.fixture
def other(tmp_path: Path, began: datetime) -> Machine:
    return Machine(tmp_path, ELSEWHERE, began)


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


class TestOnThisMachine:
    def test_an_operation_of_ones_own_is_ones_own(self, me: Machine) -> None:
        me.ownership.refuse_if_owner_lives(me.begin())
        assert me.take_over().actor == str(ME)
        assert len(me.journal.entries()) == 1

    def test_an_operation_of_a_process_that_lives_is_refused(
        self, me: Machine, tmp_path: Path, began: datetime, other_process: subprocess.Popen[bytes]
    ) -> None:
        owner = Actor(ME.user, ME.host, other_process.pid)
        Machine(tmp_path, owner, began).begin()

        with pytest.raises(OperationInProgress, match=str(owner)):
            me.ownership.refuse_if_owner_lives(me.operation)

    def test_an_operation_of_a_process_that_is_gone_is_anybodys_at_once(
        self, me: Machine, tmp_path: Path, began: datetime, other_process: subprocess.Popen[bytes]
    ) -> None:
        owner = Actor(ME.user, ME.host, other_process.pid)
        Machine(tmp_path, owner, began).begin()
        other_process.kill()
        other_process.wait()

        taken = me.take_over()

        assert (taken.actor, taken.taken_over_at) == (str(ME), me.now)


class TestElsewhere:
    def test_the_owner_lives_while_its_signs_change(self, me: Machine, other: Machine) -> None:
        other.begin()

        for _ in range(10):
            with pytest.raises(OperationInProgress):
                me.ownership.refuse_if_owner_lives(me.operation)
            for machine in (me, other):
                machine.pause(50)
            other.signs.give("op")

    def test_the_owner_is_gone_after_a_minute_without_a_new_sign(self, me: Machine, other: Machine) -> None:
        other.begin()
        with pytest.raises(OperationInProgress):
            me.ownership.refuse_if_owner_lives(me.operation)
        me.pause(59)
        with pytest.raises(OperationInProgress):
            me.ownership.refuse_if_owner_lives(me.operation)
        me.pause(1)

        assert me.take_over().actor == str(ME)

    @pytest.mark.parametrize("minutes", [-5, 0, 5])
    @pytest.mark.parametrize("of_the_other", [-5, 0, 5])
    def test_wrong_clocks_change_nothing(
        self, tmp_path: Path, began: datetime, minutes: int, of_the_other: int
    ) -> None:
        me = Machine(tmp_path, ME, began, timedelta(minutes=minutes))
        other = Machine(tmp_path, ELSEWHERE, began, timedelta(minutes=of_the_other))
        self.test_the_owner_lives_while_its_signs_change(me, other)
        with pytest.raises(OperationInProgress):
            me.ownership.refuse_if_owner_lives(me.operation)
        me.pause(60)

        assert me.take_over().actor == str(ME)

    def test_one_look_is_enough_where_the_last_sign_is_old(self, me: Machine, other: Machine) -> None:
        other.begin()
        me.pause(15 * 60)

        assert me.take_over().actor == str(ME)

    def test_without_signs_the_last_entry_has_to_be_old(self, me: Machine, other: Machine) -> None:
        """Begun by a version of this plugin that gave none."""
        other.begin()
        other.signs.take_back("op")
        for _ in range(14):
            with pytest.raises(OperationInProgress):
                me.ownership.refuse_if_owner_lives(me.operation)
            me.pause(60)
        me.pause(60)

        me.ownership.refuse_if_owner_lives(me.operation)

    def test_a_person_waits_a_minute_for_an_owner_that_is_gone(self, me: Machine, other: Machine) -> None:
        other.begin()

        me.ownership.wait_to_see(me.operation)

        assert me.ticks == 60
        me.ownership.refuse_if_owner_lives(me.operation)

    def test_a_person_is_told_as_soon_as_the_owner_gives_a_sign(self, me: Machine, other: Machine) -> None:
        other.begin()
        me.while_it_waits = lambda: other.signs.give("op")

        me.ownership.wait_to_see(me.operation)

        assert me.ticks == 2
        with pytest.raises(OperationInProgress):
            me.ownership.refuse_if_owner_lives(me.operation)


class TestOfSeveralThatFindItAbandoned:
    def test_one_takes_it_over(self, me: Machine, other: Machine, tmp_path: Path, began: datetime) -> None:
        third = Machine(tmp_path, FURTHER, began)
        other.begin()
        seen = len(me.journal.entries()), len(third.journal.entries())

        me.ownership.take_over(me.operation, seen[0])
        with pytest.raises(WriteConflict):
            third.ownership.take_over(third.operation, seen[1])

        with pytest.raises(OperationInProgress, match=str(ME)):
            third.ownership.refuse_if_owner_lives(third.operation)

    def test_the_former_owner_can_do_nothing_more(self, me: Machine, other: Machine) -> None:
        operation = other.begin()
        taken = me.ownership.take_over(me.operation, 1)
        ended = RolledBack(operation="op", undoes=2, target=1, update="u")

        with pytest.raises(WriteConflict, match=f"taken over by {ME}"):
            other.ownership.require(operation)
        with pytest.raises(WriteConflict, match="taken over"):
            other.ownership.append(operation, ended)
        me.ownership.append(taken, ended)
        with pytest.raises(WriteConflict, match="ended by another process"):
            other.ownership.append(operation, ended)

        assert [entry.event.event for entry in me.journal.entries()] == [
            "rollback_started",
            "taken_over",
            "rolled_back",
        ]


class TestEnginesElsewhere:
    def test_an_engine_that_was_told_of_is_gone_some_time_after_its_owner(self, me: Machine, other: Machine) -> None:
        other.begin()
        other.signs.engine_started("op", ENGINE)

        me.pause(14 * 60)
        assert not me.signs.engine_is_gone("op", ELSEWHERE.host, ENGINE)
        me.pause(60)
        assert me.signs.engine_is_gone("op", ELSEWHERE.host, ENGINE)

    def test_what_nobody_told_of_is_somebody_elses(self, me: Machine, other: Machine) -> None:
        other.begin()
        other.signs.engine_started("op", ENGINE)
        me.pause(3600)

        assert not me.signs.engine_is_gone("op", ELSEWHERE.host, ENGINE + 1)
        assert not me.signs.engine_is_gone("op", FURTHER.host, ENGINE)
        assert not me.signs.engine_is_gone("another", ELSEWHERE.host, ENGINE)

    def test_its_owner_still_tells_of_it_with_every_sign(self, me: Machine, other: Machine) -> None:
        other.begin()
        other.signs.engine_started("op", ENGINE)
        other.signs.give("op")

        last = me.signs.last("op", str(ELSEWHERE))
        assert last is not None
        assert last.engines == (ENGINE,)


def test_signs_go_with_their_operation(me: Machine, other: Machine) -> None:
    other.begin()
    me.signs.give("op")
    me.signs.give("never begun")

    me.signs.forget_all()

    assert not [key for key in me.store.list() if "/signs/" in key]


def test_a_sign_that_cannot_be_read_says_nothing(me: Machine, other: Machine) -> None:
    other.begin()
    (key,) = me.store.list("stacks/shop/dev/signs/")
    me.store.write(key, b"{")

    assert me.signs.last("op", str(ELSEWHERE)) is None


def test_an_operation_is_not_begun_without_a_sign(tmp_path: Path, began: datetime) -> None:
    unreachable = Machine(tmp_path / "not mounted" / "store", ME, began)

    with pytest.raises(StoreUnreachable):
        unreachable.begin()
