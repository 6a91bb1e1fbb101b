"""A worker whose engine does its work at once: run as a process of its own, with the queue's URL or address.

The backend comes from PULUMI_BACKEND_URL, a folder.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import unquote, urlsplit

from rollback_plugin.cli.stopping import stop_on_signal
from rollback_plugin.controller.fleet import Fleet
from rollback_plugin.controller.hint_queue import SqsHintQueue
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.controller.worker import Worker, WorkerEvent
from rollback_plugin.journal.options import OperationOptions
from rollback_plugin.replay.events import EngineEvent
from rollback_plugin.replay.plan import Plan
from rollback_plugin.stack import StackName
from tests.fleet.shared_fifo import PolledFifo, connected
from tests.fleet.storm import write_update
from tests.unit.controller.begins_nothing import BeginsNothing


@dataclass(frozen=True)
class AppliedAtOnce(BeginsNothing):
    """A double of the engine: all it does is leave the files of an update in the backend."""

    state: Path
    stack: StackName

    def plan(self, target: int, options: OperationOptions) -> Plan:
        return Plan((), (), ())

    def apply(
        self,
        target: int,
        operation: str,
        kind: Literal["rollback", "recovery"],
        options: OperationOptions,
        on_event: Callable[[EngineEvent], None],
        after: str | None,
    ) -> str:
        return write_update(self.state, self.stack, int(time.time()) + 1, f"rollback-plugin {operation}: {kind}", {})


def main() -> None:
    (queue,) = sys.argv[1:]
    state = Path(unquote(urlsplit(os.environ["PULUMI_BACKEND_URL"]).path))
    with TemporaryDirectory() as scratch:
        fleet = Fleet.of_backend(os.environ, Path(scratch), lambda: datetime.now(UTC))

        def opened(stack: StackName) -> StackController:
            controller, engine = fleet.open(stack), AppliedAtOnce(state, stack)
            return replace(controller, replay=engine, operator=replace(controller.operator, replay=engine))

        Worker(
            queue=SqsHintQueue(fleet.sqs(queue), queue) if queue.startswith("http") else PolledFifo(connected(queue)),
            registry=fleet.registry,
            open_stack=opened,
            clock=lambda: datetime.now(UTC),
            tell=_tell,
        ).run(stop_on_signal())


def _tell(event: WorkerEvent) -> None:
    sys.stdout.write(f"{event}\n")


if __name__ == "__main__":
    main()
