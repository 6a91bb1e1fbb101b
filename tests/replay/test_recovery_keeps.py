"""What was deployed after a rollback survives the recovery of the version rolled back; contradictions are refused."""

import pytest

from rollback_plugin.controller.execution import OperationResult
from rollback_plugin.controller.operate import Operator
from rollback_plugin.errors import NotReplayable
from rollback_plugin.journal.entries import Recovered
from rollback_plugin.journal.options import ConflictPolicy, OperationOptions
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


def program(setting: str, retries: int, *more: str, word: str = "same") -> Program:
    """A queue that other resources are made from, and an archive; `more` are further resources."""
    lines = "\n".join(more)
    return Program(
        f"""
import json
import pulumi
import pulumi_aws as aws
queue = aws.sqs.Queue("jobs", visibility_timeout_seconds={retries}, tags={{"setting": "{setting}"}})
aws.ssm.Parameter("both", type="String", value="{setting}", description="retries {retries}")
aws.ssm.Parameter("where", type="String", value=queue.url)
aws.ssm.Parameter("key", type="SecureString", value=pulumi.Output.secret("key of {setting}"))
bucket = aws.s3.Bucket("site")
aws.s3.BucketObjectv2("page", bucket=bucket.id, key="page", source=pulumi.FileAsset("page.html"))
{lines}
pulumi.export("setting", "{setting}")
pulumi.export("retries", {retries})
pulumi.export("url", queue.url)
""",
        {"page.html": f"<h1>{word}</h1>"},
    )


def topic(name: str, display_name: str = "x") -> str:
    return f'aws.sns.Topic("{name}", display_name="{display_name}")'


def rolled_back_and_hotfixed(stack: DeployedStack, older: Program, newer: Program, hotfix: Program) -> Operator:
    """Versions 1 and 2, the second rolled back, then version 3."""
    stack.deploy(older)
    stack.deploy(newer)
    operator = stack.operator()
    operator.undo(1)
    stack.deploy(hotfix)
    return operator


def test_what_each_side_changed_is_there_afterwards(stack: DeployedStack) -> None:
    operator = rolled_back_and_hotfixed(
        stack,
        program("one", 30, topic("leaving"), topic("dropped")),
        program("two", 30, topic("new"), topic("dropped")),
        program("one", 90, topic("leaving"), topic("added"), word="hotfix"),
    )

    result = operator.recover()

    assert isinstance(result, OperationResult)
    assert (result.target, result.keeping) == (2, 3)
    stack.must_be(program("two", 90, topic("new"), topic("added"), word="hotfix"))
    assert {key: value for key, value in stack.outputs().items() if key != "url"} == {"setting": "two", "retries": 90}
    (recovered,) = [entry.event for entry in stack.journal.entries() if isinstance(entry.event, Recovered)]
    assert recovered.keeping == 3


def test_a_contradiction_is_named_and_touches_nothing_until_a_side_is_chosen(stack: DeployedStack) -> None:
    operator = rolled_back_and_hotfixed(
        stack, program("one", 30, topic("gone", "a")), program("two", 30, topic("gone", "b")), program("three", 60)
    )
    before = stack.state

    with pytest.raises(NotReplayable) as refused:
        operator.recover(2)

    assert stack.state == before
    for named in ("Parameter::both (value)", "Queue::jobs (tags.setting)", "(outputs.setting)", "Topic::gone"):
        assert named in str(refused.value)
    assert "description" not in str(refused.value)
    assert "key of" not in str(refused.value)

    operator.recover(2, options=OperationOptions(conflicts=ConflictPolicy.CURRENT))
    stack.must_be(program("three", 60))

    operator.undo(3)
    operator.recover(2, options=OperationOptions(conflicts=ConflictPolicy.VERSION))
    stack.must_be(program("two", 60, topic("gone", "b")))
