"""Workers on a queue, over stacks with real journals; only the queue, the engine and AWS are doubles."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from rollback_plugin.backend.history import Backend
from rollback_plugin.controller.hints import Drop
from rollback_plugin.controller.registry import StackRegistry
from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.controller.watch import FailedRound
from rollback_plugin.controller.worker import Dropped, Looked, Worker, WorkerEvent
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.fifo import Fifo
from tests.unit.controller.stand import Stand

SHOP, BOOKS, MAIL = StackName("shop", "dev"), StackName("books", "dev"), StackName("mail", "dev")
TICK = json.dumps({"source": "aws.events", "detail-type": "Scheduled Event", "id": "1"})


@dataclass
class Place:
    """Stacks, each with a healthy version 1 and version 2 just deployed, a queue, and workers as they are asked for."""

    folder: Path
    queue: Fifo = field(default_factory=Fifo)
    cloudwatch: CloudWatch = field(default_factory=CloudWatch)
    told: list[WorkerEvent] = field(default_factory=list)
    stands: dict[StackName, Stand] = field(default_factory=dict)

    def add(self, stack: StackName, alarm: str | None = None) -> Stand:
        alarm = alarm or f"{stack.project}-errors"
        stand = Stand(self.folder / "store", stack=stack, alarm=alarm)
        stand.two_versions()
        self.stands[stack] = stand
        self.cloudwatch.put(alarm, AlarmState.OK, stand.now)
        state = FolderStore(self.folder / "state")
        state.write(f"stacks/{stack.project}/{stack.stack}.json", b"{}")
        return stand

    def worker(self, tell: Callable[[WorkerEvent], None] | None = None) -> Worker:
        """A worker as a process of its own would have it."""
        registry = StackRegistry(
            Backend(FolderStore(self.folder / "state")), FolderStore(self.folder / "store"), self.now
        )
        return Worker(self.queue, registry, self.open, self.now, tell or self.told.append)

    def open(self, stack: StackName) -> StackController:
        return self.stands[stack].controller(self.cloudwatch.source, self.cloudwatch.counter())

    def now(self) -> datetime:
        return next(iter(self.stands.values())).now

    def rings(self, stack: StackName) -> None:
        """The stack's alarm goes off, and EventBridge says so."""
        stand = self.stands[stack]
        self.cloudwatch.put(stand.alarm, AlarmState.ALARM, stand.now)
        self.alarm_changed(stand.alarm)

    def alarm_changed(self, alarm: str) -> None:
        change = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change"}
        self.queue.put(json.dumps({**change, "detail": {"alarmName": alarm}}), "alarms")

    @property
    def looked(self) -> list[Round | FailedRound]:
        return [event.outcome for event in self.told if isinstance(event, Looked)]

    @property
    def dropped(self) -> list[Drop]:
        return [event.why for event in self.told if isinstance(event, Dropped)]

    def until_empty(self, *workers: Worker, steps: int = 200) -> None:
        """The workers take turns until no message is left."""
        for _ in range(steps):
            if not self.queue.waiting:
                return
            for worker in workers:
                worker.step(threading.Event())
            self.queue.now += 1
        pytest.fail(f"left in the queue: {self.queue.waiting}")
