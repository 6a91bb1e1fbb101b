"""What a killed engine was creating is looked for: adopted if it was made, forgotten if it wasn't, never made twice."""

import json
import os
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import EngineFailed, NotReplayable
from rollback_plugin.journal.options import DataPolicy, OperationOptions
from rollback_plugin.replay.events import EngineEvent, EngineStarted, ResourceStep
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

FOLLOW = OperationOptions(data=DataPolicy.FOLLOW)


def program(*more: str) -> Program:
    lines = "\n".join(more)
    return Program(
        f"""
import pulumi
import pulumi_aws as aws
aws.sqs.Queue("first")
topic = aws.sns.Topic("topic")
{lines}
"""
    )


JOBS = 'jobs = aws.sqs.Queue("jobs", visibility_timeout_seconds={seconds})'
CHOSEN = 'aws.ssm.Parameter("chosen", name="/pending/chosen", type="String", value="{value}")'
SUBSCRIPTION = 'aws.sns.TopicSubscription("mail", topic=topic.arn, protocol="email", endpoint="x@example.com")'


def interrupt_creation(stack: DeployedStack, *names: str, kept: bool = True) -> None:
    """Rewrite the state as an engine leaves it that was killed while it created these resources of the last version."""
    state = json.loads(stack.pulumi("stack", "export"))
    resources = state["deployment"]["resources"]
    interrupted = [r for r in resources if r["urn"].rpartition("::")[2] in names]
    assert len(interrupted) == len(names)
    stack_file = stack.state_folder / ".pulumi" / "stacks" / stack.name.project / f"{stack.name.stack}.json"
    document = json.loads(stack_file.read_text())
    latest = document["checkpoint"]["latest"]
    latest["resources"] = [r for r in latest["resources"] if r["urn"] not in {i["urn"] for i in interrupted}]
    latest["pending_operations"] = [
        {"type": "creating", "resource": {key: v for key, v in r.items() if key not in ("id", "outputs")}}
        for r in interrupted
    ]
    stack_file.write_text(json.dumps(document))


def pending(stack: DeployedStack) -> Any:
    return json.loads(stack.state)["checkpoint"]["latest"].get("pending_operations") or []


def queues(aws: EmbeddedAws, prefix: str) -> list[str]:
    return list(aws.client("sqs").list_queues(QueueNamePrefix=prefix).get("QueueUrls", []))


def test_what_was_made_is_adopted_and_then_deleted_or_kept(stack: DeployedStack, aws: EmbeddedAws) -> None:
    without = stack.deploy(program())
    newer = program(JOBS.format(seconds=45), CHOSEN.format(value="v"), "pulumi.export('jobs', jobs.url)")
    with_them = stack.deploy(newer)
    (made,) = queues(aws, "jobs")
    interrupt_creation(stack, "jobs", "chosen")

    plan = stack.replay().plan(with_them)
    assert not plan.refusals
    assert {step.action.value for step in plan.steps} <= {"same", "keep"}
    assert len(pending(stack)) == 2

    stack.replay().apply(with_them, "operation-1", "recovery")
    assert pending(stack) == []
    assert queues(aws, "jobs") == [made]
    stack.must_be(newer)
    assert stack.outputs() == {"jobs": made}

    interrupt_creation(stack, "jobs", "chosen")
    stack.replay().apply(without, "operation-2", "rollback", FOLLOW)
    assert pending(stack) == []
    assert queues(aws, "jobs") == []
    assert aws.client("ssm").get_parameters(Names=["/pending/chosen"])["Parameters"] == []
    stack.must_be(program())
