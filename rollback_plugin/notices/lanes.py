"""Work beside the main one: bounded, in order per lane, and left behind if it doesn't end."""

import threading
import time
from collections.abc import Callable
from queue import Full, Queue
from zlib import crc32

THREADS = 8
WAITING_PER_THREAD = 512


class Lanes:
    """A few daemon threads. What is put into one lane is done in the order it was put there.

    Threads are begun when the first work comes. They are daemons because what they do can be done by the next process:
    none of it may keep this one from ending.
    """

    def __init__(self, on_defect: Callable[[Exception], None]) -> None:
        """`on_defect` is told of an exception that a piece of work let out; the lane goes on."""
        self._on_defect = on_defect
        self._queues: tuple[Queue[Callable[[], None]], ...] = ()
        self._unfinished = 0
        self._changed = threading.Condition()

    def put(self, lane: str, work: Callable[[], None]) -> bool:
        """False where too much is waiting: then nothing was taken."""
        with self._changed:
            if not self._queues:
                self._queues = tuple(self._begun(number) for number in range(THREADS))
            try:
                self._queues[crc32(lane.encode()) % THREADS].put_nowait(work)
            except Full:
                return False
            self._unfinished += 1
        return True

    def finish(self, seconds: float) -> bool:
        """Wait that long at most until everything is done; whether it is."""
        deadline = time.monotonic() + seconds
        with self._changed:
            return self._changed.wait_for(lambda: self._unfinished == 0, max(0.0, deadline - time.monotonic()))

    def _begun(self, number: int) -> "Queue[Callable[[], None]]":
        waiting: Queue[Callable[[], None]] = Queue(WAITING_PER_THREAD)
        threading.Thread(target=self._work, args=(waiting,), name=f"notices-{number}", daemon=True).start()
        return waiting

    def _work(self, waiting: "Queue[Callable[[], None]]") -> None:
        while True:
            work = waiting.get()
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the lane is others' too
                self._on_defect(error)
            with self._changed:
                self._unfinished -= 1
                self._changed.notify_all()
