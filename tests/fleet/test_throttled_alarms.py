"""CloudWatch refuses DescribeAlarms for a while, over HTTP: what is decided is the same, only later."""

import json
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import botocore.endpoint
import pytest
from typer.testing import CliRunner

from rollback_plugin.cli.application import application
from rollback_plugin.controller.fleet import Fleet
from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.controller.worker import RETRIED_AFTER_SECONDS, Looked, Worker, WorkerEvent
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import CloudThrottled
from rollback_plugin.journal.entries import ReasonCode
from rollback_plugin.stack import StackName
from tests.fleet.storm import Storm, alarm_of, gather
from tests.fleet.storm_worker import AppliedAtOnce
from tests.fleet.throttling_front import Front, throttling_front
from tests.unit.controller.fifo import Fifo

pytestmark = pytest.mark.embedded

STACKS = 3
ATTEMPTS = 5
"""Of one call, the first included."""


@dataclass
class Waits:
    """What botocore would sleep between its tries, in seconds."""

    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Throttled:
    """Stacks whose alarms ring, behind a front that throttles."""

    storm: Storm
    front: Front
    waits: Waits

    @property
    def environment(self) -> dict[str, str]:
        return {**self.storm.environment, "AWS_ENDPOINT_URL_CLOUDWATCH": self.front.url}

    @property
    def fleet(self) -> Fleet:
        return Fleet.of_backend(self.environment, self.storm.folder / "looking", lambda: datetime.now(UTC))

    def opened(self, stack: StackName) -> StackController:
        controller, engine = self.fleet.open(stack), AppliedAtOnce(self.storm.folder / "state", stack)
        return replace(controller, replay=engine, operator=replace(controller.operator, replay=engine))

    @property
    def was_judged(self) -> bool:
        """Whether any journal tells of an alarm, or of what was decided on one."""
        controllers = [self.storm.fleet.open(stack) for stack in self.storm.stacks]
        events = {entry.event.event for controller in controllers for entry in controller.journal.entries()}
        return not events <= {"deployed", "planned"}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    # Alarms are in the state that a test puts them in.
    with EmbeddedAws(evaluation_interval_seconds=86_400.0) as aws:
        yield aws


@pytest.fixture
def throttled(aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Throttled]:
    waits, test = Waits(), uuid4().hex
    storm = Storm(tmp_path, aws, [StackName(f"{test}-{number}", "prod") for number in range(STACKS)], "none")
    gather(storm)
    monkeypatch.setattr(botocore.endpoint, "time", waits)
    with throttling_front(aws.endpoint_url) as front:
        yield Throttled(storm, front, waits)


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException"])
def test_a_tick_waits_and_asks_again_and_decides_the_same(throttled: Throttled, code: str) -> None:
    throttled.front.code, throttled.front.refusals = code, ATTEMPTS - 1

    outcomes = Watch([throttled.opened(stack) for stack in throttled.storm.stacks]).tick()

    assert decisions(outcomes) == [(ReasonCode.ALARM_AFTER_DEPLOY, 2, 1)] * STACKS
    assert (throttled.front.refused, throttled.front.answered) == (ATTEMPTS - 1, 1)
    # Each wait is of random length, up to twice as long as the one before.
    assert all(0 <= wait <= 2**number for number, wait in enumerate(throttled.waits.slept))
    assert len(throttled.waits.slept) == ATTEMPTS - 1


def test_throttling_that_goes_on_fails_the_round_and_the_next_tick_does_it(throttled: Throttled) -> None:
    watch = Watch([throttled.opened(stack) for stack in throttled.storm.stacks])
    throttled.front.refusals = math.inf

    failed = watch.tick()

    assert [type(outcome) for outcome in failed] == [FailedRound] * STACKS
    for outcome in failed:
        assert isinstance(outcome, FailedRound)
        assert isinstance(outcome.error, CloudThrottled)
        assert alarm_of(throttled.storm.stacks[0]) in str(outcome.error)
        assert "after 4 retries" in str(outcome.error)
    assert throttled.front.refused == ATTEMPTS
    assert not throttled.was_judged

    throttled.front.refusals = 0

    assert decisions(watch.tick()) == [(ReasonCode.ALARM_AFTER_DEPLOY, 2, 1)] * STACKS


def test_a_worker_keeps_the_hint_and_looks_again(throttled: Throttled) -> None:
    told: list[WorkerEvent] = []
    queue = Fifo()
    worker = Worker(queue, throttled.fleet.registry, throttled.opened, lambda: datetime.now(UTC), told.append)
    queue.put(json.dumps({"alarm": alarm_of(throttled.storm.stacks[0])}), "webhook")
    throttled.front.refusals = math.inf
    worker.step(threading.Event())

    worker.step(threading.Event())

    (failed,) = looked(told)
    assert isinstance(failed, FailedRound)
    assert isinstance(failed.error, CloudThrottled)
    assert not throttled.was_judged

    throttled.front.refusals = 0
    queue.now += RETRIED_AFTER_SECONDS
    worker.step(threading.Event())

    assert decisions(looked(told)[1:]) == [(ReasonCode.ALARM_AFTER_DEPLOY, 2, 1)]
    assert queue.waiting == []


@pytest.mark.engine
def test_watch_once_ends_with_what_to_do_about_it(throttled: Throttled, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**throttled.environment, "PULUMI_CONFIG_PASSPHRASE": ""}.items():
        monkeypatch.setenv(name, value)
    throttled.front.refusals = math.inf

    ended = CliRunner().invoke(application, ["watch", "--all", "--once"])

    assert ended.exit_code == 1
    assert isinstance(ended.exception, CloudThrottled)
    words = " ".join(ended.stdout.split())
    assert words.count("Rate exceeded") == words.count("Service Quotas") == STACKS


def looked(told: list[WorkerEvent]) -> list[Round | FailedRound]:
    return [event.outcome for event in told if isinstance(event, Looked)]


def decisions(outcomes: Sequence[Round | FailedRound]) -> list[tuple[object, ...]]:
    made = [outcome.decision for outcome in outcomes if isinstance(outcome, Round)]
    return [(decision.reason, decision.version, decision.target) for decision in made]
