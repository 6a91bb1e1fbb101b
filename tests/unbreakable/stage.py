"""A stack with two versions in an AWS of its own, that is rolled back and recovered by processes that get killed.

Going back and forth needs no set-up between two points. Provider and programs are served in this process (see
`tests/equivalence/workbench.py`), so that every AWS call of the engine passes here, and can be where a machine is lost:
just before AWS is asked, or after it did what was asked and before anybody knows.
"""

import json
import multiprocessing
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlencode

import httpx
import psutil

from rollback_plugin.backend.history import open_backend
from rollback_plugin.backend.project import open_project
from rollback_plugin.errors import Refused
from rollback_plugin.journal.entries import Event, Recovered, RecoveryStarted, RollbackStarted, RolledBack
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.journal import Journal
from rollback_plugin.recording.record import Recorder
from rollback_plugin.stack import StackName
from rollback_plugin.store import open_store
from rollback_plugin.versions.archive import VersionArchive
from tests.equivalence.canonical import differences
from tests.equivalence.workbench import PROJECT, REGION, STACK, Workbench
from tests.unbreakable.calls import Kind, WatchedAccounts, gone_is_fine
from tests.unbreakable.child import QUARTER_OF_AN_HOUR, Order, run
from tests.unbreakable.looks import looks

NAME = StackName(PROJECT, STACK)
NEVER_SECONDS = 86_400.0
"""Alarms are what is said they are."""
END_SECONDS = 120
"""How long a process may take to end; on a busy machine, too."""
THIS_MACHINE = socket.gethostname()
"""The engine, too, writes it into its lock."""
ANOTHER_MACHINE = "another-machine"

Operation = Literal["undo", "recover"]

HANDLER = """
def handle(event, context):
    return {"statusCode": 200, "body": "release RELEASE"}
"""
PROGRAM = """
import pulumi
import pulumi_aws as aws
from rollback_plugin import LambdaService

orders = LambdaService(
    "orders",
    {"code": pulumi.FileArchive("appRELEASE_NUMBER"), "handler": "handler.handle", "url_authorization": "NONE",
     "environment": {"RELEASE": "RELEASE_NUMBER"}, "policy": {"bake_seconds": BAKE_SECONDS}},
)
news = aws.sns.Topic("news", display_name="RELEASE_NUMBER")
aws.ssm.Parameter("price-list", name="/prices/RELEASE_NUMBER", type="String", value=news.arn)
trust = '{"Version": "2012-10-17", "Statement": []}'
for name in OWN:
    aws.sns.Topic(name)
    aws.sqs.Queue(name)
    aws.iam.Role(name, assume_role_policy=trust)
    aws.ssm.Parameter(name, name=f"/own/{name}", type="String", value="RELEASE_NUMBER")
"""
OWN = {1: ["older"], 2: ["newer"]}
"""What only these releases have; later ones have what the second has."""
ANSWER = re.compile(r"release \d+")


@dataclass(frozen=True)
class Point:
    """Where a process is killed."""

    operation: Operation
    kind: Kind
    number: int


@dataclass(frozen=True)
class Attempt:
    """What came of being killed there."""

    killed_at: str | None
    """None: it had ended before."""
    problems: tuple[str, ...]
    seconds: float


class Stage:
    """Use it in a `with` block; one point at a time."""

    def __init__(self, *, store_on_s3: bool = False) -> None:
        self._store_on_s3 = store_on_s3
        self._accounts = WatchedAccounts()
        self._bench = Workbench(self._accounts, alarms_evaluated_every_seconds=NEVER_SECONDS)
        # Interpreters that have read what a process needs, and done nothing yet; each process is forked from there.
        self._processes: ForkServerContext = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.unbreakable.child"])

    def __enter__(self) -> Self:
        self._bench.__enter__()
        self._sources = self._bench.folder / "sources"
        self._sources.mkdir()
        # The provider in this process reads assets from where it is; a plugin would be where the engine runs.
        self._there = chdir(self._sources)
        self._there.__enter__()
        self._opened = self._bench.project()
        self._project = self._opened.__enter__()
        self._environment = dict(self._project.environment)
        if self._store_on_s3:
            self._project.pulumi("config", "set", "rollback:store", self._bucket(), "--stack", STACK)
        project = open_project(self._project.root, STACK, self._environment)
        self._store = open_store(project.store_url, self._environment)
        self._backend = open_backend(project.backend_url, self._environment)
        self._elsewhere = self._bench.folder / "another machine" / "project"
        for release in (1, 2):
            self._deploy(release)
        shutil.copytree(self._project.root, self._elsewhere)
        self._expected = {}
        for operation in ("undo", "recover"):
            self._finish(operation, THIS_MACHINE, self._project.root, timedelta())
            self._expected[operation] = looks(self._bench, self._backend, NAME)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._there.__exit__(kind, error, trace)
        self._opened.__exit__(kind, error, trace)
        self._bench.__exit__(kind, error, trace)

    def tried(self, point: Point) -> Attempt:
        """Have the operation killed at the point and ended on another machine, a quarter of an hour later.

        Before it the stack must run the version that the operation leaves.
        """
        began = time.monotonic()
        before = len(self._events())
        with self._consumers() as problems:
            killed_at = self._killed(point)
            if killed_at is not None:
                self._finish(point.operation, ANOTHER_MACHINE, self._elsewhere, QUARTER_OF_AN_HOUR)
        problems += self._problems(point.operation, before)
        return Attempt(killed_at, tuple(problems), time.monotonic() - began)

    def raced(self, operation: Operation, processes: int) -> tuple[str, ...]:
        """Have so many processes, each on a machine of its own, want the same at once; what is not as it should be."""
        before = len(self._events())
        with self._consumers() as problems:
            problems += self._all_at_once(operation, processes)
        problems += self._problems(operation, before)
        return tuple(problems)

    def alarm_raced(self, processes: int) -> tuple[str, ...]:
        """Deploy a further release whose alarm rings, and have so many processes, each on a machine of its own, look at
        the stack at once; what is not as it should be."""
        self._alarm("OK")
        release = 1 + max(VersionArchive(self._store, NAME).numbers())
        self._deploy(release, bake_seconds=600)
        self._alarm("ALARM")
        before = len(self._events())
        updates = len(self._backend.updates(NAME))
        with self._consumers() as problems:
            problems += self._all_at_once("watch", processes)
        problems += self._problems("watch", before)
        ours = [update.operation for update in self._backend.updates(NAME)[updates:]]
        if len(ours) != 1 or ours[0] is None:
            problems.append(f"the engine's history has {ours}")
        return tuple(problems)

    def _all_at_once(self, operation: Operation | Literal["watch"], processes: int) -> list[str]:
        together = self._processes.Barrier(processes)
        orders = [
            self._order(operation, f"{ANOTHER_MACHINE}-{number}", self._elsewhere, timedelta())
            for number in range(processes)
        ]
        started = [self._start(replace(order, together=together)) for order in orders]
        for process in started:
            process.join(END_SECONDS)
        # Those that come too late are refused, and say so; there is no other way to fail.
        problems = [f"ended with {p.exitcode}" for p in started if p.exitcode not in (0, Refused.exit_code)]
        if not any(process.exitcode == 0 for process in started):
            problems.append("nobody did it")
        return problems

    def _alarm(self, state: Literal["OK", "ALARM"]) -> None:
        cloudwatch = self._bench.client("cloudwatch", REGION)
        (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
        cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue=state, StateReason="said so")

    def _bucket(self) -> str:
        self._bench.client("s3", REGION).create_bucket(Bucket="versions-and-journal")
        parameters = {"endpoint": self._bench.aws.endpoint_url, "s3ForcePathStyle": "true", "region": REGION}
        return f"s3://versions-and-journal?{urlencode(parameters)}"

    def _start(self, order: Order) -> BaseProcess:
        process = self._processes.Process(target=run, args=(order,))
        process.start()
        return process

    def _killed(self, point: Point) -> str | None:
        at_its_own = point.kind in ("process", "machine")
        order = self._order(point.operation, THIS_MACHINE, self._project.root, timedelta())
        order = order if not at_its_own else _killed_at(order, point)
        process = self._start(order)
        if not at_its_own:
            self._accounts.arm(point.number, point.kind, process)
        process.join(END_SECONDS)
        self._accounts.disarm()
        told: dict[str, Any] = {"engines": [], "ended": False}
        if order.told.exists():
            told = json.loads(order.told.read_text())
        for engine in told["engines"]:
            _wait_for_end(engine)
        if told["ended"]:
            return None
        killed_at = told["killed_at"] if at_its_own else self._accounts.killed_at
        assert killed_at, f"it ended by itself, with {process.exitcode}: see what it said above"
        return str(killed_at)

    def _finish(self, operation: Operation, host: str, folder: Path, ahead: timedelta) -> None:
        process = self._start(self._order(operation, host, folder, ahead))
        process.join(END_SECONDS)
        assert process.exitcode == 0, f"{operation} on {host} ended with {process.exitcode}"

    def _order(self, operation: Operation | Literal["watch"], host: str, folder: Path, ahead: timedelta) -> Order:
        home = self._bench.folder / host
        home.mkdir(exist_ok=True)
        told = home / "told.json"
        told.unlink(missing_ok=True)
        return Order(folder, STACK, operation, {**self._environment, "HOME": str(home)}, host, ahead, told)

    def _deploy(self, release: int, bake_seconds: int = 0) -> None:
        number = str(release)
        program = PROGRAM.replace("RELEASE_NUMBER", number).replace("BAKE_SECONDS", str(bake_seconds))
        program = program.replace("OWN", repr(OWN.get(release, OWN[2])))
        handler = HANDLER.replace("RELEASE", number)
        self._project.write({f"app{number}/handler.py": handler})
        (self._sources / f"app{number}").mkdir()
        (self._sources / f"app{number}" / "handler.py").write_text(handler)
        self._project.up(program)
        archive = VersionArchive(self._store, NAME)
        (sealed,) = Recorder(self._backend, archive, self._journal, self._store, self._project.root).record().sealed
        assert sealed == release

    @property
    def _journal(self) -> Journal:
        return Journal(self._store, NAME, lambda: datetime.now(UTC), "tests")

    def _events(self) -> list[Event]:
        """Every event; reading them checks the chain."""
        return [entry.event for entry in self._journal.entries()]

    def _problems(self, operation: Operation | Literal["watch"], before: int) -> list[str]:
        happened = self._events()[before:]
        problems = []
        for kind in (RecoveryStarted, Recovered) if operation == "recover" else (RollbackStarted, RolledBack):
            count = sum(isinstance(event, kind) for event in happened)
            if count != 1:
                problems.append(f"{count} times {kind.__name__}: {[event.event for event in happened]}")
        status = fold(self._journal.entries(), datetime.now(UTC))
        if (status.applied, status.operation) != (1 if operation == "undo" else 2, None):
            problems.append(f"version {status.applied} is applied, and under way is {status.operation}")
        if self._backend.locks(NAME):
            problems.append("a lock is left")
        # The healthy version that a round goes back to is the second, as a recovery does.
        problems += differences(
            self._expected["undo" if operation == "undo" else "recover"], looks(self._bench, self._backend, NAME)
        )
        return problems

    @contextmanager
    def _consumers(self) -> Iterator[list[str]]:
        """Consumers that call all the time; what they got that isn't an answer of one of the releases."""
        (name,) = [f["FunctionName"] for f in self._bench.client("lambda", REGION).list_functions()["Functions"]]
        url = self._bench.aws.function_url(name, "live")
        problems: list[str] = []
        stop = threading.Event()

        def call() -> None:
            with httpx.Client(timeout=30) as consumer:
                while not stop.wait(0.1):
                    answer = consumer.get(url)
                    if not ANSWER.fullmatch(answer.text):
                        problems.append(f"a consumer got {answer.status_code}: {answer.text[:200]}")

        caller = threading.Thread(target=call)
        caller.start()
        try:
            yield problems
        finally:
            stop.set()
            caller.join()


def _killed_at(order: Order, point: Point) -> Order:
    return replace(order, kill_at=point.number, machine_too=point.kind == "machine")


def _wait_for_end(process_id: int) -> None:
    with gone_is_fine():
        psutil.Process(process_id).wait(END_SECONDS)
