"""Whether whoever began something is still there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from rollback_plugin.controller.actor import Actor, process_is_alive

ME = Actor.of_this_process()


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


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
