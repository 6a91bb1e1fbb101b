"""One process that rolls a stack back, recovers it or looks at it, and is killed (SIGKILL) at the point it is told.

Points are counted: before and after each write to the store, each removal of a lock, each move of consumers, and each
thing the engine says it begins or has done. Nothing of this is known to what is tested: it gets its ports from outside.
"""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Literal, cast

from rollback_plugin.backend.project import open_project
from rollback_plugin.controller.connections import Connections
from rollback_plugin.controller.operated_stack import operated_stack
from rollback_plugin.controller.progress import EngineProgress, Progress
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.errors import OperationInProgress, WriteConflict
from rollback_plugin.journal.options import DataPolicy, OperationOptions
from rollback_plugin.replay.events import EngineStarted, ResourceStep
from rollback_plugin.store import ObjectStore

FOLLOW = OperationOptions(data=DataPolicy.FOLLOW)
QUARTER_OF_AN_HOUR = timedelta(minutes=16)
START_SECONDS = 120
"""How long the last of those that begin together may take to come so far."""


@dataclass(frozen=True)
class Order:
    """What a process is to do."""

    project: Path
    stack: str
    operation: Literal["undo", "recover", "watch"]
    environment: Mapping[str, str]
    host: str
    """What it takes for its machine's name."""
    ahead: timedelta
    """How much later it is for this process."""
    told: Path
    """Where it tells what it did: JSON."""
    kill_at: int | None = None
    machine_too: bool = False
    """Whether the engine is killed with it, as when a machine is lost."""
    together: Barrier | None = None
    """Where it waits for others, to begin at the same moment."""


class Points:
    """Counts, and kills."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._count = 0
        self._engines: list[int] = []
        self._one_at_a_time = threading.Lock()

    def reach(self, point: str) -> None:
        with self._one_at_a_time:
            self._count += 1
            if self._count == self._order.kill_at:
                self.tell(point)
                if self._order.machine_too:
                    for engine in self._engines:
                        _kill_group(engine)
                os.kill(os.getpid(), signal.SIGKILL)

    def engine(self, process_id: int) -> None:
        self._engines.append(process_id)
        # Known to whoever waits for it, whenever this process is killed.
        self.tell("")

    def tell(self, killed_at: str, ended: bool = False) -> None:
        self._order.told.write_text(json.dumps({"killed_at": killed_at, "engines": self._engines, "ended": ended}))


def _kill_group(process_id: int) -> None:
    try:
        os.killpg(process_id, signal.SIGKILL)
    except ProcessLookupError:
        # It had ended.
        return


class Counted:
    """A port: the calls named are points."""

    def __init__(self, inner: object, name: str, calls: frozenset[str], points: Points) -> None:
        self._inner = inner
        self._name = name
        self._calls = calls
        self._points = points

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._inner, attribute)
        if attribute not in self._calls:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._points.reach(f"before {self._name}.{attribute}")
            answer = found(*arguments, **named)
            self._points.reach(f"after {self._name}.{attribute}")
            return answer

        return call


class CountedConnections(Connections):
    """Stores whose writes are points."""

    def __init__(self, environ: Mapping[str, str], points: Points) -> None:
        super().__init__(environ)
        self._points = points

    def store(self, url: str) -> ObjectStore:
        writes = frozenset({"create", "write", "delete"})
        return cast("ObjectStore", Counted(super().store(url), "store", writes, self._points))


def run(order: Order) -> None:
    """The process's main function."""
    socket.gethostname = lambda: order.host
    os.environ.clear()
    os.environ.update(order.environment)
    points = Points(order)
    controller = operated_stack(
        open_project(order.project, order.stack, order.environment),
        order.environment,
        lambda: datetime.now(UTC) + order.ahead,
        _listener(points),
        CountedConnections(order.environment, points),
    ).watched()
    operator = replace(
        controller.operator,
        backend=cast("Any", Counted(controller.backend, "backend", frozenset({"break_lock"}), points)),
        router=cast("Any", Counted(controller.operator.router, "consumers", frozenset({"shift"}), points)),
    )
    if order.together is not None:
        order.together.wait(START_SECONDS)
    try:
        _do(order, replace(controller, operator=operator))
    except OperationInProgress as refused:
        sys.exit(refused.exit_code)
    points.tell("", ended=True)


def _do(order: Order, controller: StackController) -> None:
    operator = controller.operator
    match order.operation:
        case "undo":
            operator.undo(1, options=FOLLOW)
        case "recover":
            operator.recover(2, options=FOLLOW)
        case "watch":
            (outcome,) = Watch([controller]).tick()
            if isinstance(outcome, FailedRound) and isinstance(outcome.error, WriteConflict):
                # Another was faster; a watch would see in its next tick what is left to do.
                sys.exit(OperationInProgress.exit_code)
            if isinstance(outcome, FailedRound):
                raise outcome.error


def _listener(points: Points) -> Callable[[Progress], None]:
    def listen(told: Progress) -> None:
        if not isinstance(told, EngineProgress):
            return
        if isinstance(told.event, EngineStarted):
            points.engine(told.event.process_id)
            points.reach("the engine started")
        elif isinstance(told.event, ResourceStep) and not told.event.preview and told.event.operation != "same":
            points.reach(f"the engine {told.event.stage} to {told.event.operation} {told.event.urn.split('::', 2)[2]}")

    return listen
