"""An update that was begun before it was known whether it will be wanted.

The engine takes half a second to start and to open the stack's secrets, and so does opening those that a plan compares.
Where a plan is known, both are done at the same time: the engine starts, takes the stack's lock, and waits here for the
resources to register. Whoever finds that the update isn't wanted gives it up: then nothing was touched, and the
backend's history has one more update that failed.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rollback_plugin.errors import EngineError, EngineFailed
from rollback_plugin.replay.engine import Engine, UpdateOptions
from rollback_plugin.replay.events import EngineEvent

if TYPE_CHECKING:
    from rollback_plugin.replay.language_server import Program
    from rollback_plugin.replay.protocol import language_pb2


class BegunUpdate:
    """An update whose engine waits. Used by one thread."""

    def __init__(self, options: UpdateOptions) -> None:
        """Made by `begin`."""
        self.options = options
        self._wanted: Future[Program] = Future()
        self._lock = threading.Lock()
        self._heard: list[EngineEvent] = []
        self._on_event: Callable[[EngineEvent], None] | None = None
        self._ended: Callable[[], None] | None = None

    def carry_on(self, program: "Program", on_event: Callable[[EngineEvent], None]) -> None:
        """Let the engine run the program, and wait for the update's end. Raises as `Engine.update` does.

        on_event: told what was heard so far, too.
        """
        with self._lock:
            for event in self._heard:
                on_event(event)
            self._on_event = on_event
        self._wanted.set_result(program)
        self._end()

    def give_up(self) -> None:
        """Have the engine end without doing anything, and wait for that; where it is carried on with, do nothing."""
        if not self._wanted.done():
            self._wanted.set_exception(EngineFailed("This update was begun ahead of its plan, and isn't wanted."))
        # Whatever it ended with: it is the very update that nobody wants.
        with contextlib.suppress(EngineError):
            self._end()

    def _end(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()

    def _run(self, request: "language_pb2.RunRequest") -> None:
        self._wanted.result()(request)

    def _hear(self, event: EngineEvent) -> None:
        with self._lock:
            if self._on_event is None:
                self._heard.append(event)
                return
        self._on_event(event)

    @classmethod
    @contextmanager
    def begin(cls, engine: Engine, folder: Path, options: UpdateOptions) -> "Iterator[BegunUpdate]":
        """Begin it, in the project in `folder`. Unless it was carried on with, the end of the block gives it up."""
        begun = cls(options)
        with engine.begun_update(begun._run, folder, begun._hear, options) as ended:
            begun._ended = ended
            try:
                yield begun
            finally:
                begun.give_up()
