"""Many stacks whose alarms ring at once, real workers as processes of their own, and a queue between them.

Only the engine is a double: what it would make of a stack's resources takes its time elsewhere. Backend, store,
journals, alarms and queue are real, or moto's.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from rollback_plugin.controller.fleet import Fleet
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.entries import RollbackStarted, RolledBack
from rollback_plugin.stack import StackName
from tests.fleet.shared_fifo import Reached, connected

ROOT = Path(__file__).parents[2]
NANOSECONDS = 10**9
BATCH = 10


@dataclass
class Storm:
    """Stacks, each with a healthy version and a newer one whose alarm rings; nobody was told yet."""

    folder: Path
    aws: EmbeddedAws
    stacks: Sequence[StackName]
    queue: str
    """URL of an SQS queue, or the address of a `SharedFifo`."""
    sent_at: dict[StackName, datetime] = field(default_factory=dict)
    """When the first signal about each was sent."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
            **self.aws.environment,
            "PULUMI_BACKEND_URL": (self.folder / "state").as_uri(),
        }

    @property
    def fleet(self) -> Fleet:
        """The stacks, as another process would have them."""
        return Fleet.of_backend(self.environment, self.folder / "looking", lambda: datetime.now(UTC))

    @contextmanager
    def workers(self, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """So many processes, ended at the end as ECS would: with SIGTERM."""
        with (self.folder / "workers.log").open("ab") as log:
            started = [
                subprocess.Popen(
                    [sys.executable, "-m", "tests.fleet.storm_worker", self.queue],
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
                for _ in range(count)
            ]
            try:
                yield started
            finally:
                for worker in started:
                    worker.terminate()
                for worker in started:
                    worker.wait()

    def break_loose(self, signals: int) -> None:
        """Tell the queue so often of alarms that changed, of each stack's in turn, as EventBridge does."""
        for first in range(0, signals, BATCH):
            numbers = range(first, min(first + BATCH, signals))
            told = [self.stacks[number % len(self.stacks)] for number in numbers]
            for stack in told:
                self.sent_at.setdefault(stack, datetime.now(UTC))
            self._send([_event(number, alarm_of(stack)) for number, stack in zip(numbers, told, strict=True)])

    def _send(self, bodies: Sequence[str]) -> None:
        if self._is_shared:
            self._shared_queue.put_all(bodies, "alarms")
            return
        self.aws.client("sqs").send_message_batch(
            QueueUrl=self.queue,
            Entries=[
                {"Id": str(number), "MessageBody": body, "MessageGroupId": "alarms"}
                for number, body in enumerate(bodies)
            ],
        )

    def wait_until_calm(self, patience_seconds: float) -> None:
        """Until no message is left. Raises TimeoutError, with the workers' log."""
        deadline = time.monotonic() + patience_seconds
        while self._left():
            if time.monotonic() > deadline:
                raise TimeoutError((self.folder / "workers.log").read_text()[-20_000:])
            time.sleep(0.2)

    def rollbacks(self) -> dict[StackName, int]:
        """How often each stack was rolled back."""
        return {
            stack: sum(isinstance(entry.event, RolledBack) for entry in self.fleet.open(stack).journal.entries())
            for stack in self.stacks
        }

    def seconds_to_act(self) -> list[float]:
        """Of each stack, from its first signal to the begin of its rollback."""
        return [
            (entry.time - self.sent_at[stack]).total_seconds()
            for stack in self.stacks
            for entry in self.fleet.open(stack).journal.entries()
            if isinstance(entry.event, RollbackStarted)
        ]

    @cached_property
    def _shared_queue(self) -> Reached:
        # Connecting takes a quarter of a second: a storm that did it for each batch would be a drizzle.
        return connected(self.queue)

    @property
    def _is_shared(self) -> bool:
        return not self.queue.startswith("http")

    def _left(self) -> int:
        if self._is_shared:
            return self._shared_queue.left()
        answer = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.queue,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return sum(int(count) for count in answer["Attributes"].values())


@contextmanager
def gathered_storm(folder: Path, stacks: int) -> Iterator[Storm]:
    """The stacks are deployed and recorded, their alarms ring; the queue is SQS'."""
    with EmbeddedAws(evaluation_interval_seconds=86_400.0) as aws:
        queue = aws.client("sqs").create_queue(
            QueueName="hints.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        )["QueueUrl"]
        storm = Storm(folder, aws, stacks_of_storm(stacks), queue)
        gather(storm)
        yield storm


def stacks_of_storm(count: int) -> list[StackName]:
    return [StackName(f"service-{number}", "prod") for number in range(count)]


def gather(storm: Storm) -> None:
    """Deploy and record the stacks, and make their alarms ring."""
    for stack in storm.stacks:
        deploy(storm.folder / "state", stack)
    for controller in storm.fleet.open_new([]):
        controller.recorder.record()
    for stack in storm.stacks:
        make_alarm(storm.aws, stack)
        storm.aws.client("cloudwatch").set_alarm_state(
            AlarmName=alarm_of(stack), StateValue="ALARM", StateReason="a storm"
        )


def make_alarm(aws: EmbeddedAws, stack: StackName) -> None:
    """An alarm of the stack's, on a metric that has no data."""
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm_of(stack),
        Namespace="Shop",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def alarm_of(stack: StackName) -> str:
    return f"{stack.project}-errors"


def deploy(state: Path, stack: StackName) -> None:
    """What `pulumi up` leaves in a backend: one deploy an hour ago, healthy since, and one that just ended."""
    now = int(time.time())
    for ended, bake_seconds in ((now - 3600, 0), (now - 5, 3600)):
        config = {"rollback:alarms": json.dumps([alarm_of(stack)]), "rollback:bakeSeconds": str(bake_seconds)}
        write_update(state, stack, ended, "deploy", config)


def write_update(
    state: Path,
    stack: StackName,
    ended: int,
    message: str,
    config: dict[str, str],
    resources: Sequence[Mapping[str, Any]] = (),
) -> str:
    """An update's files, as the engine writes them (pkg/backend/diy/state.go); its name.

    resources: what the state has besides the stack itself.
    """
    name = f"{stack.stack}-{ended * NANOSECONDS}"
    history = {"kind": "update", "startTime": ended - 2, "endTime": ended, "message": message, "environment": {}}
    history |= {"config": config, "result": "succeeded", "resourceChanges": {"update": 1}}
    root = {"urn": stack.root_urn, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": {"release": ended}}
    latest = {"resources": [root, *resources]}
    checkpoint = {"version": 3, "checkpoint": {"stack": stack.fully_qualified, "latest": latest}}
    folder = state / ".pulumi" / "history" / stack.project / stack.stack
    _write(state / ".pulumi" / "meta.yaml", "version: 1\n")
    _write(folder / f"{name}.history.json", json.dumps(history))
    _write(folder / f"{name}.checkpoint.json", json.dumps(checkpoint))
    _write(state / ".pulumi" / "stacks" / stack.project / f"{stack.stack}.json", json.dumps(checkpoint))
    return name


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _event(number: int, alarm: str) -> str:
    event = {"id": str(number), "source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change"}
    return json.dumps({**event, "detail": {"alarmName": alarm, "state": {"value": "ALARM"}}})
