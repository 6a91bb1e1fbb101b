"""Every AWS call of the engine passes here, and everything can be ended at one of them."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any, Literal

import psutil

from tests.equivalence.workbench import Accounts

ACCOUNT = "123456789012"
"""The one that requests without any word about it go to."""
READING = re.compile(r"Get|List|Describe|Head")

Kind = Literal["process", "machine", "before a call", "after a call"]
"""What is killed, where: the process, or its machine with the engine, at one of its own points; the machine at one of
the engine's AWS calls."""


class WatchedAccounts(Accounts):
    """Sees every AWS call of the engine, and may be told to end everything at one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.current = int(ACCOUNT)
        self._lock = threading.Lock()
        self._armed: tuple[int, Kind, BaseProcess] | None = None
        self._asked = 0
        self._answered = 0
        self.killed_at: str | None = None

    def arm(self, number: int, kind: Kind, process: BaseProcess) -> None:
        with self._lock:
            self._armed, self._asked, self._answered, self.killed_at = (number, kind, process), 0, 0, None

    def disarm(self) -> None:
        with self._lock:
            self._armed = None

    def listen_to(self, client: Any) -> None:
        super().listen_to(client)
        client.meta.events.register("before-sign", self._before)
        client.meta.events.register("after-call", self._after)

    def _before(self, operation_name: str, **_: object) -> None:
        if READING.match(operation_name):
            return
        with self._lock:
            self._asked += 1
            self._kill_if(self._asked, "before a call", operation_name)

    def _after(self, model: Any, **_: object) -> None:
        if READING.match(model.name):
            return
        with self._lock:
            self._answered += 1
            self._kill_if(self._answered, "after a call", model.name)

    def _kill_if(self, number: int, kind: Kind, called: str) -> None:
        if self._armed is None or self._armed[:2] != (number, kind) or self.killed_at is not None:
            return
        self.killed_at = f"{kind}: {called}"
        kill_with_descendants(self._armed[2])
        raise ConnectionAbortedError("the machine that asked is gone")


def kill_with_descendants(process: BaseProcess) -> None:
    """All at once: first what it started, which would otherwise see it gone."""
    try:
        parent = psutil.Process(process.pid)
        family = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return
    for member in family:
        with gone_is_fine():
            member.kill()


@contextmanager
def gone_is_fine() -> Iterator[None]:
    """For processes that may have ended."""
    try:
        yield
    except psutil.NoSuchProcess:
        return
