"""A process is killed (SIGKILL) while the engine works for it, with plugins of their own; the next one finishes.

That every other point ends the same is tried in virtual time (`tests/unit/controller/test_killed_anywhere.py`) and with
the real engine (`tests/unbreakable/`).
"""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from rollback_plugin.controller.execution import OperationResult
from rollback_plugin.journal.entries import Event, Recovered, RecoveryStarted, RollbackStarted, RolledBack
from tests.controller.killed_operation import POINTS
from tests.controller.platform import Platform

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def orders(shared_platform: Platform) -> Platform:
    """A healthy version 1, and version 2 applied."""
    shared_platform.deploy(3)
    return shared_platform


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_rollback_is_finished_by_the_next_process(orders: Platform, point: str) -> None:
    # Given version 2 is applied, and a rollback to version 1 that is killed
    before = len(_happened(orders))
    with _consumers(orders) as answers:
        _run_and_kill(orders, "undo", point)

        # When another process is asked for the same
        result = orders.controller().operator.undo(1)

    # Then the rollback has happened once, and consumers were served throughout
    assert isinstance(result, OperationResult)
    assert _count(orders, before, RollbackStarted) == _count(orders, before, RolledBack) == 1
    _is_applied(orders, 1)
    assert set(answers) == {200}
    orders.controller().operator.recover(2)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_recovery_is_finished_by_the_next_process(orders: Platform, point: str) -> None:
    # Given version 1 is applied, and a recovery of version 2 that is killed
    orders.controller().operator.undo(1)
    before = len(_happened(orders))
    with _consumers(orders) as answers:
        _run_and_kill(orders, "recover", point)

        # When another process is asked for the same
        result = orders.controller().operator.recover(2)

    # Then the recovery has happened once, and consumers were served throughout
    assert isinstance(result, OperationResult)
    assert _count(orders, before, RecoveryStarted) == _count(orders, before, Recovered) == 1
    _is_applied(orders, 2)
    assert set(answers) == {200}


def _run_and_kill(orders: Platform, operation: Literal["undo", "recover"], point: str) -> None:
    killed = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.controller.killed_operation",
            str(orders.orders.folder),
            orders.orders.stack,
            operation,
            point,
        ],
        cwd=ROOT,
        env=dict(orders.environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr


@contextmanager
def _consumers(orders: Platform) -> Iterator[Counter[int]]:
    """Consumers that call the service without a pause; the statuses of the answers they got."""
    answers: Counter[int] = Counter()
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            answers.update(orders.send_requests(1))

    consumer = threading.Thread(target=call)
    consumer.start()
    try:
        yield answers
    finally:
        stop.set()
        consumer.join()


def _happened(orders: Platform) -> list[Event]:
    return [entry.event for entry in orders.controller().journal.entries()]


def _count(
    orders: Platform, before: int, kind: type[RollbackStarted | RolledBack | RecoveryStarted | Recovered]
) -> int:
    return sum(isinstance(event, kind) for event in _happened(orders)[before:])


def _is_applied(orders: Platform, version: int) -> None:
    status = orders.controller().status()
    assert (status.applied, status.operation) == (version, None)
    # Consumers are where the engine's state says, and nobody holds the stack.
    assert orders.function_version() == orders.orders.outputs()["functionVersion"]
    controller = orders.controller()
    assert controller.backend.locks(controller.stack) == []
