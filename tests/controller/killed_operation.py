"""Rolls a stack back or recovers it, and is killed on the way: run as a process of its own.

Arguments: the project's folder, its stack, `undo` or `recover`, and the name of the point to be killed at.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from rollback_plugin.backend.project import open_project
from rollback_plugin.controller.operated_stack import operated_stack, utc_now
from rollback_plugin.controller.progress import EngineProgress, Progress
from rollback_plugin.replay.events import EngineStarted, ResourceStep

POINTS: dict[str, Callable[[Progress], bool]] = {
    "engine started": lambda told: isinstance(told, EngineProgress) and isinstance(told.event, EngineStarted),
    "first update begun": lambda told: _updates(told, "started"),
    "first update done": lambda told: _updates(told, "finished"),
}


def _updates(told: Progress, stage: str) -> bool:
    return (
        isinstance(told, EngineProgress)
        and isinstance(told.event, ResourceStep)
        and told.event.stage == stage
        and not told.event.preview
        and told.event.operation == "update"
    )


def main() -> None:
    folder, stack, operation, point = sys.argv[1:]

    def kill_at(told: Progress) -> None:
        if POINTS[point](told):
            os.kill(os.getpid(), signal.SIGKILL)

    environ = dict(os.environ)
    operator = operated_stack(open_project(Path(folder), stack, environ), environ, utc_now, kill_at).operator
    if operation == "undo":
        operator.undo(1)
    else:
        operator.recover(2)


if __name__ == "__main__":
    main()
