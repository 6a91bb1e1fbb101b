"""A version that refers to a published function version can be gone back to only while that exists."""

import pytest

from rollback_plugin.backend.project import open_project
from rollback_plugin.cloud.clients import AwsClients
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import NotReplayable
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.aws_inquiry import AwsInquiry
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.plan import Reason
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

PROGRAM = """
import json, pulumi, pulumi_aws as aws
trust = json.dumps({"Version": "2012-10-17", "Statement": []})
role = aws.iam.Role("role", assume_role_policy=trust)
orders = aws.lambda_.Function("orders", role=role.arn, runtime="python3.12", handler="app.handler", publish=True,
    code=pulumi.FileArchive("./app"))
aws.lambda_.Alias("live", function_name=orders.name, function_version="NUMBER")
pulumi.export("function", orders.name)
"""


def asking_aws(stack: DeployedStack) -> Replay:
    clients = AwsClients(stack.environment, profile=None)
    engine = Engine(open_project(stack.root, stack.name.stack, stack.environment), stack.environment)
    return Replay(stack.name, engine, stack.backend, stack.archive, AwsInquiry(lambda profile: clients))


def program(number: int) -> Program:
    files = {"app/app.py": f"def handler(event, context): return {number}\n"}
    return Program(PROGRAM.replace("NUMBER", str(number)), files)


def test_a_function_version_that_was_removed_is_missed_by_the_plan(stack: DeployedStack, aws: EmbeddedAws) -> None:
    target = stack.deploy(program(1))
    stack.deploy(program(2))
    before = stack.files_of_backend()
    replay = asking_aws(stack)

    assert replay.plan(target).refusals == ()

    aws.client("lambda").delete_function(FunctionName=stack.outputs()["function"], Qualifier="1")
    with pytest.raises(
        NotReplayable, match=r"Alias::live \(functionVersion\): it refers to a published Lambda version"
    ):
        replay.apply(target, "operation-1", "rollback")

    (refusal,) = replay.plan(target).refusals
    assert (refusal.property, refusal.reason) == ("functionVersion", Reason.ARTEFACT_GONE)
    assert stack.files_of_backend() == before
