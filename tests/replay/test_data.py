"""Data that only the newer version has stays where it is, and is found again on the way forward."""

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import NotReplayable
from rollback_plugin.journal.options import DataPolicy, OperationOptions
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.replay.plan import Action, DataEffect, Reason
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

IMPORTS = "import pulumi\nimport pulumi_aws as aws\nfrom pulumi import ResourceOptions\n"


def test_a_queue_of_the_newer_version_is_kept_and_recovered(stack: DeployedStack, aws: EmbeddedAws) -> None:
    older = Program(IMPORTS + "aws.sns.Topic('events', display_name='older')")
    newer = Program(
        IMPORTS
        + "topic = aws.sns.Topic('events', display_name='newer')\n"
        + "class Jobs(pulumi.ComponentResource):\n"
        + "    def __init__(self, name):\n"
        + "        super().__init__('shop:index:Jobs', name)\n"
        + "        tags = {'topic': topic.arn}\n"
        + "        self.queue = aws.sqs.Queue(name + '-queue', tags=tags, opts=ResourceOptions(parent=self))\n"
        + "aws.sns.Topic('gone')\n"
        + "pulumi.export('url', Jobs('jobs').queue.url)"
    )
    rolled_back_to, recovered_to = stack.deploy(older), stack.deploy(newer)
    url = stack.outputs()["url"]
    sqs = aws.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="precious")
    replay = stack.replay()

    plan = replay.plan(rolled_back_to)
    replay.apply(rolled_back_to, "operation-1", "rollback")

    actions = {step.urn.rpartition("::")[2]: step.action for step in plan.steps}
    assert (actions["events"], actions["gone"], plan.verdict) == (
        Action.UPDATE,
        Action.DELETE,
        Reversibility.REVERSIBLE_BUT,
    )
    assert stack.resource("jobs-queue")["id"] == url
    assert stack.resource("events")["inputs"]["displayName"] == "older"

    replay.apply(recovered_to, "operation-2", "recovery")

    stack.must_be(newer)
    assert stack.outputs()["url"] == url
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "precious"


def test_replacing_a_queue_is_refused_and_nothing_is_touched(stack: DeployedStack) -> None:
    target = stack.deploy(Program(IMPORTS + "aws.sqs.Queue('jobs', name='jobs-before')"))
    stack.deploy(Program(IMPORTS + "aws.sqs.Queue('jobs', name='jobs-after')"))
    before = stack.files_of_backend()

    with pytest.raises(NotReplayable, match=r"Queue::jobs \(.*name.*\): it holds data"):
        stack.replay().apply(target, "operation-1", "rollback")

    assert stack.files_of_backend() == before


def test_a_protected_resource_is_kept_or_refused_as_the_policy_says(stack: DeployedStack) -> None:
    target = stack.deploy(Program(IMPORTS))
    stack.deploy(Program(IMPORTS + "aws.sns.Topic('events', opts=ResourceOptions(protect=True))"))
    replay = stack.replay()

    following = replay.plan(target, OperationOptions(data=DataPolicy.FOLLOW))
    replay.apply(target, "operation-1", "rollback", OperationOptions(data=DataPolicy.KEEP))

    assert [refusal.urn.rpartition("::")[2] for refusal in following.refusals] == ["events"]
    assert stack.resource("events")["protect"] is True


def test_a_type_that_the_stacks_config_names_holds_data(stack: DeployedStack) -> None:
    target = stack.deploy(Program(IMPORTS))
    stack.pulumi("config", "set", "--path", "rollback:dataTypes[0]", "aws:sns/topic:Topic")
    stack.deploy(Program(IMPORTS + "aws.sns.Topic('events')"))

    plan = stack.replay().plan(target)

    assert [(step.action, step.data) for step in plan.steps if step.type.startswith("aws:")] == [
        (Action.KEEP, DataEffect.KEPT)
    ]
    assert [remark.reason for remark in plan.remarks] == [Reason.DATA_KEPT]

    stack.pulumi("config", "set", "rollback:dataTypes", "aws:sns/topic:Topic")
    stack.deploy(Program(IMPORTS + "aws.sns.Topic('events')"))

    (refusal,) = stack.replay().plan(target).refusals
    assert (refusal.property, "rollback:dataTypes is not a plain list" in refusal.why) == ("config", True)
