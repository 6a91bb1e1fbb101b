"""Processes on different machines that watch one stack, and can be killed wherever they touch the world.

The world is a `Stand` with alarms: a real journal, archive and controller, with doubles of engine, backend and AWS. A
machine has its own clock, and looks at the world through ports that count: each call is a point before it and one
after it, and the process is killed (by an exception that nothing handles) at the point that a test names.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast

from rollback_plugin.backend.locks import Lock
from rollback_plugin.cloud.time import CloudTime
from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.consumers_ahead import ConsumersAhead
from rollback_plugin.controller.operate import Operator
from rollback_plugin.controller.signs_of_life import SignsOfLife
from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.errors import EngineFailed, EngineLocked
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.options import OperationOptions
from rollback_plugin.replay.events import Diagnostic, EngineEvent, EngineStarted
from rollback_plugin.replay.plan import Plan
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.store import ObjectStore
from rollback_plugin.versions.service import Policy
from tests.unit.controller.begins_nothing import BeginsNothing
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.memory_store import MemoryStore
from tests.unit.controller.stand import ALARM, STACK, ProcessKilled, Stand, checkpoint, update

PORTS: dict[str, Collection[str]] = {
    "store": ("create", "write", "delete"),
    "backend": ("updates", "current", "locks", "break_lock"),
    "traffic": ("shift",),
    "recorder": ("record",),
}
"""The calls that are points, by port. What only reads of the store is none: nothing can differ after it."""
FIRST_ENGINE = 1_999_999_000
"""Process ids of engines: of no process there is."""


class Points:
    """Where a process was, and where it is killed."""

    def __init__(self, kill_at: int | None = None, meanwhile: Callable[[str], None] = lambda point: None) -> None:
        """meanwhile: what somebody else does at each point."""
        self.reached: list[str] = []
        self._kill_at = kill_at
        self._meanwhile = meanwhile

    def reach(self, point: str) -> None:
        if self.killed:
            raise ProcessKilled("a dead process does nothing")
        self.reached.append(point)
        self._meanwhile(point)
        if self.killed:
            raise ProcessKilled(point)

    @property
    def killed(self) -> bool:
        return self._kill_at is not None and len(self.reached) >= self._kill_at


class Port:
    """An object whose calls are points."""

    def __init__(self, inner: object, name: str, points: Points) -> None:
        self._inner = inner
        self._name = name
        self._points = points

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._inner, attribute)
        if attribute not in PORTS[self._name]:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._points.reach(f"before {self._name}.{attribute}")
            answer = found(*arguments, **named)
            self._points.reach(f"after {self._name}.{attribute}")
            return answer

        return call


class World(Stand):
    """Version 1 is healthy, version 2 just deployed, and an alarm rings."""

    def __init__(self, policy: Policy | None = None, store: ObjectStore | None = None) -> None:
        super().__init__(Path("/nowhere"), policy, store=store or MemoryStore())
        self.cloudwatch = CloudWatch()
        self.two_versions()
        self.cloudwatch.put(ALARM, AlarmState.ALARM, self.now)
        self.engines = FIRST_ENGINE
        self.changes: list[int] = []
        """Versions that an engine made the state agree with, and something was to do for."""

    def calm(self) -> None:
        self.cloudwatch.put(ALARM, AlarmState.OK, self.now)

    @property
    def function_versions(self) -> set[str]:
        """Those there are."""
        return {"1", "2", *(f"{version}{number}" for number, version in enumerate(self.changes, 1))}


class Machine:
    """One process that watches the world's stack."""

    def __init__(
        self,
        world: World,
        actor: Actor,
        points: Points | None = None,
        *,
        engine_survives: bool = True,
        wrong_by: timedelta = timedelta(),
    ) -> None:
        self.world = world
        self.actor = actor
        self.points = points or Points()
        self.engine_survives = engine_survives
        self.cloud_time = CloudTime(lambda: world.now + wrong_by)
        clock = self.cloud_time.corrected(lambda: world.now + wrong_by)
        store = cast("Any", Port(world.store, "store", self.points))
        journal = Journal(store, STACK, clock, str(actor))
        backend = cast("Any", Port(world.backend, "backend", self.points))
        recorder = cast("Any", Port(world.recorder, "recorder", self.points))
        engine = MachineEngine(self)
        operator = Operator(
            stack=STACK,
            journal=journal,
            archive=world.archive,
            backend=backend,
            recorder=recorder,
            replay=engine,
            router=cast("Any", Port(world.traffic, "traffic", self.points)),
            consumers_ahead=ConsumersAhead(STACK, store, world.archive, backend),
            clock=clock,
            actor=actor,
            signs=SignsOfLife(store, STACK, actor, clock, lambda: world.now.timestamp()),
            on_progress=lambda progress: None,
            pause=world.pass_seconds,
        )
        self.controller = StackController(
            stack=STACK,
            clock=clock,
            journal=journal,
            archive=world.archive,
            backend=backend,
            recorder=recorder,
            replay=engine,
            operator=operator,
            alarm_source=lambda: self._asked_cloudwatch(wrong_by),
            requests=world.cloudwatch.counter(),
        )

    def _asked_cloudwatch(self, wrong_by: timedelta) -> AlarmSource:
        """Its answer has a date, cut to the second."""
        self.cloud_time.heard(
            self.world.now + wrong_by, self.world.now + wrong_by, self.world.now.replace(microsecond=0)
        )
        return self.world.cloudwatch.source()

    def round(self) -> Round | FailedRound:
        """One round of `rollback watch`. Raises `ProcessKilled`."""
        (outcome,) = Watch([self.controller]).tick()
        return outcome


class MachineEngine(BeginsNothing):
    """A double of the engine, run by a process: it locks, changes the state, writes its history, and unlocks.

    Killed with its machine, it leaves what it had done, and its lock; where only the process is killed, it ends its
    work.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

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
        world, points = self._machine.world, self._machine.points
        points.reach("before the engine")
        planned_for = world.backend.state
        world.engines += 1
        process_id = world.engines
        on_event(EngineStarted(process_id))
        if world.backend.held:
            raise EngineLocked(f"held by {world.backend.held[0]}")
        if world.backend.state is not planned_for:
            raise EngineFailed("changed by somebody else while the way back was worked out")
        if world.backend.history[-1].name != after:
            raise EngineFailed(f"{world.backend.history[-1].name} ended after this was decided on")
        lock = Lock(f"lock-{process_id}", self._machine.actor.user, self._machine.actor.host, process_id, world.now)
        name = f"ours-{len(world.backend.history)}"

        def change() -> None:
            if applied(world) != target:
                world.changes.append(target)
                published = f"{target}{len(world.changes)}"
                world.backend.state = checkpoint(published)
                world.traffic.at = published

        steps: list[tuple[str, Callable[[], object]]] = [
            ("locked", lambda: world.backend.held.append(lock)),
            ("changed the stack", change),
            (
                "wrote its history",
                lambda: world.backend.history.append(update(name, f"rollback-plugin {operation}: x", world.now)),
            ),
            ("unlocked", lambda: world.backend.held.remove(lock)),
        ]
        for place, (said, do) in enumerate(steps):
            do()
            try:
                points.reach(f"the engine {said}")
            except ProcessKilled:
                if self._machine.engine_survives:
                    for _, left in steps[place + 1 :]:
                        left()
                raise
        on_event(Diagnostic("info", "Resources: 1 updated"))
        return name


def applied(world: World) -> int:
    """The version that the state agrees with: its number begins the function version."""
    return int(function_version(world)[0])


def function_version(world: World) -> str:
    """What the state's alias points to."""
    (declared,) = world.backend.state.services()
    assert declared.traffic is not None
    return declared.traffic.version


def later(world: World, seconds: float) -> None:
    world.now += timedelta(seconds=seconds)
