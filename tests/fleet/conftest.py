"""A platform team's AWS: the bucket their stacks' state is in, and the hosted controller that looks after them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from rollback_plugin.controller.fleet import Fleet
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.stack import StackName
from tests.acceptance.project import PASSPHRASE, PulumiProject
from tests.notices.receiver import Hook, served_hook

PATIENCE_SECONDS = 300
BUCKET = "pulumi-state"

CONTROLLER = """
import pulumi
from rollback_plugin import RollbackController

config = pulumi.Config()
controller = RollbackController("fleet", {
    "image": "rollback-plugin:test",
    "state_bucket_arn": "arn:aws:s3:::pulumi-state",
    "stacks": ["shop/*"],
    "subnets": [config.require("subnet")],
    "notify_bucket": True,
    "passphrase_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:passphrase",
    "notify_topic_arns": [config.require("topic")],
    "notify_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:webhook",
    "environment": {"PULUMI_BACKEND_URL": config.require("backend")},
})
pulumi.export("queueUrl", controller.queue_url)
pulumi.export("deadLetterQueueUrl", controller.dead_letter_queue_url)
pulumi.export("taskDefinitionArn", controller.task_definition_arn)
pulumi.export("workerRoleName", controller.worker_role_name)
"""


@dataclass
class Hosted:
    """The deployed controller, and worker processes of the task that it defines."""

    aws: EmbeddedAws
    folder: Path
    backend_url: str
    outputs: dict[str, Any]
    subscriber: str
    """URL of a queue that subscribed to the topic of notices."""
    hook: Hook
    """The other end of the webhook of notices."""
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def container(self) -> dict[str, Any]:
        """What ECS would run."""
        described = self.client("ecs").describe_task_definition(taskDefinition=self.outputs["taskDefinitionArn"])
        container: dict[str, Any] = described["taskDefinition"]["containerDefinitions"][0]
        return container

    def start_worker(self) -> None:
        """A process with the container's command and environment, as the `Dockerfile` starts it."""
        number = len(self.workers)
        command = list(self.container["command"])
        command[command.index("--health-file") + 1] = str(self.folder / f"health-{number}")
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
            **self.aws.environment,
            **{variable["name"]: variable["value"] for variable in self.container["environment"]},
            # ECS puts the secrets' values here.
            **{secret["name"]: self._secrets[secret["name"]] for secret in self.container["secrets"]},
        }
        self.workers.append(
            subprocess.Popen(
                [sys.executable, "-m", "rollback_plugin.cli", *command],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=(self.folder / f"worker-{number}.log").open("w"),
                stderr=subprocess.STDOUT,
                text=True,
            )
        )

    @property
    def _secrets(self) -> dict[str, str]:
        return {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "ROLLBACK_NOTIFY_SECRET": self.hook.url}

    def published(self) -> list[dict[str, Any]]:
        """The notices that the topic's subscriber has got since it was asked last."""
        found = self.aws.client("sqs").receive_message(QueueUrl=self.subscriber, MaxNumberOfMessages=10)
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found.get("Messages", [])]

    def client(self, service: str) -> Any:
        """A client of any service."""
        make: Any = self.aws.client
        return make(service)

    def logged(self) -> str:
        """What all workers said."""
        return "".join(file.read_text() for file in sorted(self.folder.glob("worker-*.log")))

    def controller(self, stack: StackName) -> StackController:
        environ = {**os.environ, **self.aws.environment, "PULUMI_BACKEND_URL": self.backend_url}
        return Fleet.of_backend(environ, self.folder / "looking", lambda: datetime.now(UTC)).open(stack)

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait for what the workers do."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            assert time.monotonic() < deadline, self.logged()[-20_000:]
            assert all(worker.poll() is None for worker in self.workers), self.logged()[-20_000:]
            time.sleep(0.2)

    def messages(self, queue: str) -> int:
        """How many a queue has, held or not."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.aws.client("sqs").get_queue_attributes(QueueUrl=self.outputs[queue], AttributeNames=names)
        return sum(int(count) for count in answer["Attributes"].values())


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    # Alarms are in the state that a test puts them in.
    with EmbeddedAws(evaluation_interval_seconds=86_400.0) as aws, served_hook() as hook:
        aws.client("s3").create_bucket(Bucket=BUCKET)
        address = urlsplit(aws.endpoint_url).netloc
        backend = f"s3://{BUCKET}?region={aws.region}&endpoint={address}&s3ForcePathStyle=true&disableSSL=true"
        platform = PulumiProject(tmp_path / "platform", _state(tmp_path), aws.environment)
        platform.write(CONTROLLER)
        platform.create_stack()
        any_client: Any = aws.client
        subnet = any_client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        platform.pulumi("config", "set", "shop:subnet", subnet).must()
        platform.pulumi("config", "set", "shop:backend", backend).must()
        topic, subscriber = _topic(aws)
        platform.pulumi("config", "set", "shop:topic", topic).must()
        platform.up().must()
        platform.preview_sees_no_change().must()
        made = Hosted(aws, tmp_path, backend, json.loads(json.dumps(platform.outputs())), subscriber, hook)
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.kill()
                worker.wait()


def _topic(aws: EmbeddedAws) -> tuple[str, str]:
    """ARN of a topic, and URL of a queue that subscribed to it."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name="on-call")["TopicArn"]
    queue = sqs.create_queue(QueueName="on-call")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


def _state(folder: Path) -> str:
    state = folder / "platform-state"
    state.mkdir()
    return state.as_uri()


@pytest.fixture
def shop(hosted: Hosted, tmp_path: Path) -> PulumiProject:
    """A team's project, whose state is in the bucket."""
    return PulumiProject(tmp_path / "shop", hosted.backend_url, hosted.aws.environment)
