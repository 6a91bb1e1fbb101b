"""Whether whoever began something is still there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from rollback_plugin.controller.actor import Actor, process_is_alive
from rollback_plugin.controller.ownership import refuse_if_owner_lives
from rollback_plugin.errors import OperationInProgress
from rollback_plugin.journal.entries import ReasonCode
from rollback_plugin.journal.status import Operation
from rollback_plugin.stack import StackName

ME = Actor.of_this_process()
STACK = StackName("shop", "dev")


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def operation(owner: Actor, began: datetime) -> Operation:
    return Operation("op", "rollback", 2, 1, ReasonCode.REQUESTED, (), began, began, str(owner))


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("written", ["root@host:12", "first.last@corp@host.example:1", "1000@0f3c:7"])
def test_an_actor_reads_what_an_actor_wrote(written: str) -> None:
    assert str(Actor.parse(written)) == written


@pytest.mark.parametrize("written", ["", "nobody", "user@host", "user@host:pid"])
def test_what_no_actor_wrote_is_nobody(written: str) -> None:
    assert Actor.parse(written) is None


def test_a_running_process_is_alive(other_process: subprocess.Popen[bytes]) -> None:
    assert process_is_alive(other_process.pid, now())


def test_a_process_that_began_later_only_has_the_number_again(other_process: subprocess.Popen[bytes]) -> None:
    assert not process_is_alive(other_process.pid, now() - timedelta(minutes=5))


def test_a_killed_process_is_gone_even_before_its_parent_has_noticed(other_process: subprocess.Popen[bytes]) -> None:
    began = now()
    other_process.kill()
    # Waits without reaping: the process stays a zombie.
    os.waitid(os.P_PID, other_process.pid, os.WEXITED | os.WNOWAIT)

    assert not process_is_alive(other_process.pid, began)


def test_an_operation_of_a_process_that_lives_is_refused_to_others(other_process: subprocess.Popen[bytes]) -> None:
    owner = Actor(ME.user, ME.host, other_process.pid)

    with pytest.raises(OperationInProgress, match=str(owner)):
        refuse_if_owner_lives(operation(owner, now()), STACK, ME, now())


def test_an_operation_of_a_process_that_is_gone_is_anybodys(other_process: subprocess.Popen[bytes]) -> None:
    began = now()
    other_process.kill()
    other_process.wait()

    refuse_if_owner_lives(operation(Actor(ME.user, ME.host, other_process.pid), began), STACK, ME, now())


def test_an_operation_of_ones_own_is_ones_own() -> None:
    refuse_if_owner_lives(operation(ME, now()), STACK, ME, now())
