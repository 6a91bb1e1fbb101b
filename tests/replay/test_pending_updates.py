"""What a killed engine was changing is looked at, whichever way things go on from there: the state doesn't know how far
it came."""

from pathlib import Path

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.options import OperationOptions, Strategy
from rollback_plugin.replay.plan import Action
from tests.replay.backend_files import pending, rewrite_state
from tests.replay.deployed_stack import DeployedStack, Program
from tests.replay.versioned_stack import VersionedStack

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


def program(text: str) -> Program:
    return Program(
        "import pulumi\nimport pulumi_aws as aws\nfrom rollback_plugin import track\ntrack()\n"
        f'topic = aws.sns.Topic("topic", display_name="{text}")\n'
        f'aws.ssm.Parameter("untouched", type="String", value="{text}")\n'
        f'aws.ssm.Parameter("secret", type="SecureString", value=pulumi.Output.secret("{text}"))\n'
        'pulumi.export("arn", topic.arn)\n'
    )


def interrupt_updates(stack: DeployedStack, *names: str) -> None:
    """Leave the state as an engine does that is killed while it changes these resources."""

    def interrupt(latest: dict[str, object]) -> None:
        resources = latest["resources"]
        assert isinstance(resources, list)
        latest["pending_operations"] = [
            {"type": "updating", "resource": each} for each in resources if each["urn"].rpartition("::")[2] in names
        ]

    rewrite_state(stack, interrupt)
    assert len(pending(stack)) == len(names)


@pytest.mark.parametrize("strategy", [Strategy.SNAPSHOT, Strategy.SOURCE])
def test_what_was_changed_already_is_changed_back(tmp_path: Path, aws: EmbeddedAws, strategy: Strategy) -> None:
    stack = VersionedStack(tmp_path, aws)
    target = stack.deploy_commit(program("as it shall be"))
    topic, secret = stack.resource("topic")["id"], stack.resource("secret")["id"]
    interrupt_updates(stack, "topic", "secret")
    aws.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="half undone")
    aws.client("ssm").put_parameter(Name=secret, Value="half undone", Overwrite=True)
    replay, by = stack.replay_by_strategy(), OperationOptions(strategy=strategy)
    before = stack.files_of_backend()

    plan = replay.plan(target, by)

    changed = {step.urn.rpartition("::")[2]: step.action for step in plan.steps if step.action is not Action.SAME}
    assert changed == {"topic": Action.UPDATE, "secret": Action.UPDATE}
    assert {remark.urn.rpartition("::")[2] for remark in plan.remarks if "as it was found" in remark.text} == {*changed}
    assert stack.files_of_backend() == before

    replay.apply(target, "operation-1", "recovery", by)

    assert pending(stack) == []
    attributes = aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes["DisplayName"] == "as it shall be"
    assert aws.client("ssm").get_parameter(Name=secret, WithDecryption=True)["Parameter"]["Value"] == "as it shall be"
    stack.must_be(program("as it shall be"))
