"""A stack with a real journal and archive in a folder; only the engine and AWS are doubles, and time is virtual."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from rollback_plugin.backend.locks import Lock
from rollback_plugin.backend.updates import Update
from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.consumers_ahead import ConsumersAhead
from rollback_plugin.controller.operate import Operator
from rollback_plugin.controller.progress import EngineProgress, Progress
from rollback_plugin.controller.signs_of_life import SignsOfLife
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.errors import EngineFailed
from rollback_plugin.journal.entries import Deployed, Event
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.options import OperationOptions
from rollback_plugin.journal.status import Status
from rollback_plugin.recording.record import RecordResult
from rollback_plugin.replay.events import Diagnostic, EngineEvent, EngineStarted
from rollback_plugin.replay.plan import Plan, Refusal
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore, ObjectStore
from rollback_plugin.stored import plain
from rollback_plugin.traffic.interface import TrafficMove, TrafficStayed
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.service import LambdaTraffic, Policy, Service
from rollback_plugin.versions.version import Version
from tests.unit.controller.stories import NOON

STACK = StackName("shop", "dev")
ME = Actor("me", "here", 4242)
ALARM = "errors"
FUNCTION = "orders"


def service(function_version: str, policy: Policy | None = None, alarm: str = ALARM) -> Service:
    return Service(
        name="orders",
        kind="lambda",
        alarms=(alarm,),
        policy=policy or Policy(bake_seconds=600),
        traffic=LambdaTraffic(function=FUNCTION, alias="live", region="eu-central-1", version=function_version),
    )


def resource(type_: str, id_: str, *depends_on: str, **outputs: Any) -> dict[str, Any]:
    return {
        "urn": urn(type_, id_),
        "type": type_,
        "custom": True,
        "id": id_,
        "outputs": outputs,
        "dependencies": list(depends_on),
    }


def urn(type_: str, id_: str) -> str:
    return f"urn:pulumi:dev::shop::{type_}::{id_}"


def checkpoint(function_version: str, *more: dict[str, Any]) -> Checkpoint:
    """A state with the service's function and alias, and what a program has besides."""
    function = resource("aws:lambda/function:Function", FUNCTION, urn("aws:iam/role:Role", "role"))
    alias = resource(
        "aws:lambda/alias:Alias", "alias", name="live", functionName=FUNCTION, functionVersion=function_version
    )
    declared = resource("rollback-plugin:index:LambdaService", "orders") | {
        "custom": False,
        "outputs": {"service": plain(service(function_version))},
    }
    role = resource("aws:iam/role:Role", "role")
    document = {"version": 3, "checkpoint": {"latest": {"resources": [role, *more, function, alias, declared]}}}
    return Checkpoint.parse(json.dumps(document).encode())


@dataclass
class Engine:
    """A double of the engine: what it was asked to apply, and what it answers."""

    stand: "Stand"
    applied: list[tuple[int, str]] = field(default_factory=list)
    asked_for: list[OperationOptions] = field(default_factory=list)
    refusals: dict[int, str] = field(default_factory=dict)
    fails_with: list[Exception] = field(default_factory=list)
    """Raised by the next calls, one each, before anything is done."""
    nothing_to_change_for: set[int] = field(default_factory=set)
    """Versions that the state agrees with already."""
    on_apply: Callable[[], None] = lambda: None
    known_plans: set[int] = field(default_factory=set)
    """Versions with whose updates it begins before the plan."""
    at_work_on: str | None = None
    """An operation."""
    given_up: list[int] = field(default_factory=list)
    """Versions whose updates were begun and not carried on with."""
    process_id: int = 999_999_997
    """Of no process there is."""

    def plan(self, target: int, options: OperationOptions) -> Plan:
        refused = self.refusals.get(target)
        return Plan((), (Refusal("urn", "", refused),) if refused else (), ())

    @contextmanager
    def begun(
        self, target: int, operation: str, kind: Literal["rollback", "recovery"], options: OperationOptions
    ) -> Iterator[None]:
        if target not in self.known_plans:
            yield
            return
        self.at_work_on = operation
        lock = Lock("of-the-engine", ME.user, ME.host, self.process_id, self.stand.now)
        self.stand.backend.held.append(lock)
        try:
            yield
        finally:
            if self.at_work_on == operation:
                self.given_up.append(target)
                self.at_work_on = None
            self.stand.backend.held.remove(lock)

    def has_begun(self, operation: str) -> bool:
        return self.at_work_on == operation

    def apply(
        self,
        target: int,
        operation: str,
        kind: Literal["rollback", "recovery"],
        options: OperationOptions,
        on_event: Callable[[EngineEvent], None],
        after: str | None,
    ) -> str:
        self.asked_for.append(options)
        self.at_work_on = None
        on_event(EngineStarted(self.process_id))
        self.on_apply()
        if self.fails_with:
            raise self.fails_with.pop(0)
        self.applied.append((target, self.stand.traffic.at))
        if target not in self.nothing_to_change_for:
            # Applying a version publishes its code anew, and points the alias at that.
            published = f"{target}{len(self.applied)}"
            self.stand.backend.state = checkpoint(published)
            self.stand.traffic.at = published
        name = f"ours-{len(self.stand.backend.history)}"
        self.stand.backend.history.append(update(name, f"rollback-plugin {operation}: roll back", self.stand.now))
        on_event(Diagnostic("info", "Resources: 1 updated"))
        return name


@dataclass
class Backend:
    """A double of what the engine keeps."""

    state: Checkpoint
    history: list[Update] = field(default_factory=list)
    held: list[Lock] = field(default_factory=list)
    broken: list[Lock] = field(default_factory=list)

    def updates(self, stack: StackName) -> list[Update]:
        return self.history

    def current(self, stack: StackName) -> bytes:
        return canonical_json(self.state.document)

    def locks(self, stack: StackName) -> list[Lock]:
        return self.held

    def break_lock(self, stack: StackName, lock: Lock) -> None:
        self.held.remove(lock)
        self.broken.append(lock)


@dataclass
class Traffic:
    """A double of AWS Lambda: an alias, and the function versions that exist."""

    at: str
    gone: set[str] = field(default_factory=set)
    fails_with: Exception | None = None

    def current(self, service: Service) -> str:
        return self.at

    def shift(self, service: Service, to: str) -> TrafficMove | TrafficStayed:
        if self.fails_with is not None:
            raise self.fails_with
        if to in self.gone:
            return TrafficStayed(service.name, f"Function version {to} no longer exists.")
        before, self.at = self.at, to
        return TrafficMove(service.name, before, to)


@dataclass
class Recorder:
    """Versions are journaled by the tests; a deploy that happens meanwhile is sealed here."""

    pending: list[Callable[[], object]] = field(default_factory=list)
    fails_with: Exception | None = None

    def record(self) -> RecordResult:
        if self.fails_with is not None:
            raise self.fails_with
        while self.pending:
            self.pending.pop(0)()
        return RecordResult()


class Stand:
    """One stack, and everything of the controller that works on it."""

    def __init__(
        self,
        folder: Path,
        policy: Policy | None = None,
        stack: StackName = STACK,
        alarm: str = ALARM,
        store: ObjectStore | None = None,
    ) -> None:
        self.now: datetime = NOON
        self.stack = stack
        self.alarm = alarm
        self.folder = folder
        self.policy = policy or Policy(bake_seconds=600)
        self.store = store or FolderStore(folder)
        self.archive = VersionArchive(self.store, stack)
        self.traffic = Traffic(at="1")
        self.backend = Backend(checkpoint("1"))
        self.engine = Engine(self)
        self.recorder = Recorder()
        self.progress: list[Progress] = []
        self.killed_at_progress: type[Progress] | None = None
        self.journal = self._journal(ME)
        self.operator = self.operator_of(ME)

    def operator_of(self, actor: Actor) -> Operator:
        """An operator as another process would have it: its own journal object, the same store."""
        return Operator(
            stack=self.stack,
            journal=self._journal(actor),
            archive=self.archive,
            backend=self.backend,
            recorder=self.recorder,
            replay=self.engine,
            router=self.traffic,
            consumers_ahead=self.consumers_ahead,
            clock=lambda: self.now,
            actor=actor,
            signs=SignsOfLife(self.store, self.stack, actor, lambda: self.now, lambda: self.now.timestamp()),
            on_progress=self._tell,
            lock_patience_seconds=0.2,
            pause=self.pass_seconds,
        )

    @property
    def consumers_ahead(self) -> ConsumersAhead:
        return ConsumersAhead(self.stack, self.store, self.archive, self.backend)

    def controller(self, alarms: Callable[[], AlarmSource], requests: RequestCounter) -> StackController:
        return StackController(
            stack=self.stack,
            clock=lambda: self.now,
            journal=self.journal,
            archive=self.archive,
            backend=self.backend,
            recorder=self.recorder,
            replay=self.engine,
            operator=self.operator,
            alarm_source=alarms,
            requests=requests,
        )

    def deploy(self, *more: dict[str, Any], succeeded: bool = True) -> int:
        """A `pulumi up` by people that ends now, and is journaled; its version's number, which is also the function
        version it has."""
        deployed = self.deploy_unrecorded(*more, succeeded=succeeded)
        self.journal.append_next(deployed)
        return deployed.version

    def deploy_unrecorded(self, *more: dict[str, Any], succeeded: bool = True) -> Deployed:
        """The same, with nobody having journaled it yet."""
        number = len(self.archive.numbers()) + 1
        state = checkpoint(str(number), *more)
        version = Version(
            number=number,
            stack=self.stack,
            update=f"dev-{number}",
            started_at=self.now - timedelta(seconds=30),
            finished_at=self.now,
            succeeded=succeeded,
            checkpoint_digest=state.digest,
            services=(service(str(number), self.policy, self.alarm),),
            bake_seconds=self.policy.bake_seconds,
            alarms=(self.alarm,),
        )
        digest = self.archive.write(version, state)
        self.backend.state = state
        self.backend.history.append(update(version.update, "deploy", self.now))
        self.traffic.at = str(number)
        return Deployed(
            version=number,
            update=version.update,
            succeeded=succeeded,
            started_at=version.started_at,
            finished_at=version.finished_at,
            content_digest=None,
            version_digest=digest,
            bake_seconds=version.bake_seconds,
            bake_requests=self.policy.bake_requests,
            alarms=version.alarms,
        )

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    def two_versions(self) -> None:
        """A healthy version 1, and version 2 just deployed."""
        self.deploy()
        self.wait(30)
        self.deploy()
        self.wait(1)

    @property
    def events(self) -> list[str]:
        """What the journal says happened, without the deploys."""
        return [event.event for event in self.happened() if not isinstance(event, Deployed)]

    def happened(self) -> list[Event]:
        return [entry.event for entry in self.journal.entries()]

    def status(self) -> Status:
        return fold(self.journal.entries(), self.now)

    def _tell(self, progress: Progress) -> None:
        self.progress.append(progress)
        if isinstance(progress, EngineProgress) and isinstance(progress.event, EngineStarted):
            # It has done nothing yet.
            return
        if self.killed_at_progress is not None and isinstance(progress, self.killed_at_progress):
            raise ProcessKilled

    def _journal(self, actor: Actor) -> Journal:
        return Journal(self.store, self.stack, lambda: self.now, str(actor))


class ProcessKilled(Exception):
    """Ends an operation without another word: not one of the package's errors, so nothing handles it."""


def engine_failure() -> Exception:
    return EngineFailed("the provider refused")


def update(name: str, message: str, time: datetime) -> Update:
    return Update(
        name=name,
        kind="update",
        succeeded=True,
        started_at=time,
        finished_at=time,
        message=message,
        environment={},
        config={},
        resource_changes={},
    )
