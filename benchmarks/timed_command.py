"""`python -m benchmarks.timed_command …` is the command `rollback`, which leaves behind how long each phase took.

A phase's seconds are its own: while one is inside another, the outer one stands still. Only the main thread is timed,
which is where the command does one thing after the other.
"""

import atexit
import builtins
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

WHERE = "BENCHMARK_PHASES_FILE"
"""Variable with the file that the seconds are written to."""

IMPORTS = "importing modules"
REST = "the rest of the command"
UPDATE = "the update's engine run"
ENGINE_STARTS = ", until the first resource"
ENGINE_WORKS = ", resources"
ENGINE_ENDS = ", after the last resource"


class Phases:
    """Where the main thread is, and for how long it has been there."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {REST: 0.0}
        self._entered = [REST]
        self._since = time.monotonic()

    def enter(self, name: str) -> None:
        self._pass()
        self._entered.append(name)

    def leave(self) -> None:
        self._pass()
        self._entered.pop()

    @property
    def current(self) -> str:
        return self._entered[-1]

    def split(self, name: str, parts: dict[str, float]) -> None:
        """Give a phase's seconds to parts of it."""
        for part, seconds in parts.items():
            self.seconds[name + part] = self.seconds.get(name + part, 0.0) + seconds
            self.seconds[name] -= seconds

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return work(*arguments, **named)
            self.enter(name)
            try:
                return work(*arguments, **named)
            finally:
                self.leave()

        return wrapped

    def _pass(self) -> None:
        now = time.monotonic()
        self.seconds[self.current] = self.seconds.get(self.current, 0.0) + now - self._since
        self._since = now


@dataclass(frozen=True, slots=True)
class Work:
    """A method of this package, and the phase that it is."""

    module: str
    owner: str
    method: str
    phase: str
    hears: int | None = None
    """Which of its arguments is told of the engine's events; None where it doesn't wait for an engine."""


TIMED = (
    Work("recording.record", "Recorder", "record", "recording new deploys"),
    Work("controller.consumers", "Consumers", "move_back", "moving consumers"),
    Work("controller.consumers", "Consumers", "follow_engine", "moving consumers"),
    Work("replay.apply", "Replay", "plan", "planning, without the engine"),
    Work("replay.apply", "Replay", "apply", "applying, without the engine"),
    Work("replay.state_copies", "StateCopies", "decrypt", "waiting for secrets to be opened"),
    Work("replay.engine", "Engine", "preview", "the plan's engine run", hears=3),
    Work("replay.engine", "Engine", "update", UPDATE, hears=3),
    # Where the plan is known, the engine began while secrets were being opened: here it is waited for.
    Work("replay.begun_update", "BegunUpdate", "carry_on", UPDATE, hears=2),
)


def main() -> None:
    phases = Phases()
    builtins.__import__ = _outermost(phases, builtins.__import__, list(TIMED))
    atexit.register(_tell, phases)

    from rollback_plugin.cli import main as command

    command()


def _outermost(phases: Phases, importing: Callable[..., Any], awaited: list[Work]) -> Callable[..., Any]:
    """Time imports, but none that another one needs a second time; and what is `awaited`, once it was imported when
    and where the command itself does that."""
    timed = phases.timed(IMPORTS, importing)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if phases.current == IMPORTS or threading.current_thread() is not threading.main_thread():
            return importing(*arguments, **named)
        imported = timed(*arguments, **named)
        for work in tuple(awaited):
            owner = getattr(sys.modules.get(f"rollback_plugin.{work.module}"), work.owner, None)
            # Timing a run of the engine imports more, which finds what is awaited there, too.
            if owner is not None and work in awaited:
                awaited.remove(work)
                timing = phases.timed if work.hears is None else partial(_engine_run, phases, work.hears)
                setattr(owner, work.method, timing(work.phase, getattr(owner, work.method)))
        return imported

    return wrapped


def _engine_run(phases: Phases, hears: int, name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """Time waiting for a run of the engine, split by its events of resources."""
    from rollback_plugin.replay.events import EngineEvent, ResourceStep

    def wrapped(*arguments: Any, **named: Any) -> Any:
        seen: list[float] = []
        on_event = arguments[hears]

        def noting(event: EngineEvent) -> None:
            if isinstance(event, ResourceStep):
                seen.append(time.monotonic())
            on_event(event)

        imported = phases.seconds.get(IMPORTS, 0.0)
        began = time.monotonic()
        result = run(*arguments[:hears], noting, *arguments[hears + 1 :], **named)
        ended = time.monotonic()
        if seen:
            # What is imported for it is a phase of its own, and comes before the engine starts.
            began += phases.seconds.get(IMPORTS, 0.0) - imported
            parts[name] = {ENGINE_STARTS: seen[0] - began, ENGINE_WORKS: seen[-1] - seen[0]}
            parts[name][ENGINE_ENDS] = ended - seen[-1]
        return result

    parts: dict[str, dict[str, float]] = {}
    timed = phases.timed(name, wrapped)

    def split(*arguments: Any, **named: Any) -> Any:
        result = timed(*arguments, **named)
        phases.split(name, parts.pop(name, {}))
        return result

    return split


def _tell(phases: Phases) -> None:
    phases.enter(REST)
    Path(os.environ[WHERE]).write_text(json.dumps(phases.seconds))


if __name__ == "__main__":
    sys.argv[0] = "rollback"
    main()
