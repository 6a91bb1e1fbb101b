"""The worker processes of one function version: started on demand, used again while warm."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rollback_plugin.embedded.lambda_runtime.worker_process import WorkerProcess


@dataclass
class Loan:
    """A worker in use. `cold` says that it still has to load its code; `usable` whether it can be used again."""

    worker: WorkerProcess
    cold: bool
    usable: bool = False


class WorkerPool:
    """At most `limit` processes at once. Where AWS would start more sandboxes or throttle, a request waits here."""

    def __init__(self, start: Callable[[], WorkerProcess], limit: int) -> None:
        self._start = start
        self._limit = limit
        self._condition = threading.Condition()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._starting = 0
        self._closed = False

    @contextmanager
    def borrow(self) -> Iterator[Loan]:
        """A worker for one invocation. It is killed afterwards unless the loan was marked usable."""
        loan = self._take()
        try:
            yield loan
        finally:
            self._give_back(loan)

    @property
    def in_use(self) -> bool:
        with self._condition:
            return bool(self._busy or self._starting)

    def close(self) -> None:
        """Kill all processes, also those in the middle of an invocation."""
        with self._condition:
            self._closed = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
            self._condition.notify_all()
        for worker in workers:
            worker.kill()

    def _take(self) -> Loan:
        with self._condition:
            self._condition.wait_for(
                lambda: self._closed or self._idle or len(self._busy) + self._starting < self._limit
            )
            if self._closed:
                raise RuntimeError("the Lambda runtime is shutting down")
            if self._idle:
                worker = self._idle.pop()
                self._busy.add(worker)
                return Loan(worker, cold=False)
            self._starting += 1
        return self._start_one()

    def _start_one(self) -> Loan:
        try:
            worker = self._start()
        except BaseException:
            with self._condition:
                self._starting -= 1
                self._condition.notify()
            raise
        with self._condition:
            self._starting -= 1
            self._busy.add(worker)
            closed = self._closed
        if closed:
            worker.kill()
            raise RuntimeError("the Lambda runtime is shutting down")
        return Loan(worker, cold=True)

    def _give_back(self, loan: Loan) -> None:
        with self._condition:
            self._busy.discard(loan.worker)
            reusable = loan.usable and not self._closed
            if reusable:
                self._idle.append(loan.worker)
            self._condition.notify()
        if not reusable:
            loan.worker.kill()
