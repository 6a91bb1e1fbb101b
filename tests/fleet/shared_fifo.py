"""The unit tests' queue, shared by processes. What moto's takes grows with the square of its messages: with
thousands of them nothing else would be measured."""

import time
from collections.abc import Mapping, Sequence
from multiprocessing.managers import BaseManager
from threading import Lock
from typing import Protocol, cast

from rollback_plugin.controller.hint_queue import Message
from rollback_plugin.stack import StackName
from tests.unit.controller.fifo import Fifo

_KEY = b"one machine, one benchmark"
IDLE_SECONDS = 0.05


class TimedFifo(Fifo):
    """By the clock of this machine; receives of others wait for one another, none for messages."""

    def __init__(self) -> None:
        super().__init__()
        self._one_at_a_time = Lock()

    def receive(self, limit: int) -> Sequence[Message]:
        with self._one_at_a_time:
            self.now = time.monotonic()
            return super().receive(limit)

    def delete(self, messages: Sequence[Message]) -> None:
        with self._one_at_a_time:
            super().delete(messages)

    def hold(self, messages: Sequence[Message], seconds: int) -> None:
        with self._one_at_a_time:
            self.now = time.monotonic()
            super().hold(messages, seconds)

    def send(self, because: Mapping[StackName, Message]) -> None:
        with self._one_at_a_time:
            super().send(because)

    def put_all(self, bodies: Sequence[str], group: str) -> None:
        with self._one_at_a_time:
            for body in bodies:
                self.put(body, group)

    def left(self) -> int:
        with self._one_at_a_time:
            return len(self.waiting)


class Reached(Protocol):
    """What a process has of the queue in another one."""

    def receive(self, limit: int) -> Sequence[Message]: ...

    def delete(self, messages: Sequence[Message]) -> None: ...

    def hold(self, messages: Sequence[Message], seconds: int) -> None: ...

    def send(self, because: Mapping[StackName, Message]) -> None: ...

    def put_all(self, bodies: Sequence[str], group: str) -> None: ...

    def left(self) -> int: ...


class _Manager(BaseManager):
    pass


class SharedFifo:
    """A queue in a process of its own, from `start` until `shutdown`; `connected` reaches it from another one."""

    def __init__(self) -> None:
        queue = TimedFifo()
        _Manager.register("queue", callable=lambda: queue)
        self._manager = _Manager(("127.0.0.1", 0), _KEY)

    def start(self) -> str:
        """Its address."""
        self._manager.start()
        host, port = cast("tuple[str, int]", self._manager.address)
        return f"{host}:{port}"

    def shutdown(self) -> None:
        self._manager.shutdown()


def connected(address: str) -> Reached:
    """The queue at an address that `SharedFifo.start` gave."""
    host, _, port = address.partition(":")
    _Manager.register("queue")
    manager = _Manager((host, int(port)), _KEY)
    manager.connect()
    return cast("Reached", manager.queue())  # type: ignore[attr-defined]


class PolledFifo:
    """The queue as workers take it: a receive without messages waits a little."""

    def __init__(self, queue: Reached) -> None:
        self._queue = queue
        self.delete = queue.delete
        self.hold = queue.hold
        self.send = queue.send

    def receive(self, limit: int) -> Sequence[Message]:
        got = self._queue.receive(limit)
        if not got:
            time.sleep(IDLE_SECONDS)
        return got
