"""What no preview shows: recorded dependencies and secret marks after a rollback are those the program would leave."""

import pytest

from rollback_plugin.journal.options import DataPolicy, OperationOptions
from rollback_plugin.replay.property_values import SECRET, SIGNATURE
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


def _program(options: str) -> Program:
    return Program(
        f"""
import pulumi
import pulumi_aws as aws

jobs = aws.sqs.Queue("jobs", opts=pulumi.ResourceOptions({options}))
aws.ssm.Parameter("allowed", type="String", value="v",
    description=pulumi.Output.json_dumps({{"Resource": [jobs.arn]}}))
aws.sqs.Queue("after", opts=pulumi.ResourceOptions(depends_on=[jobs]))
"""
    )


def test_a_rollback_leaves_what_the_program_would(stack: DeployedStack) -> None:
    older = _program("")
    before = stack.deploy(older)
    stack.deploy(_program("additional_secret_outputs=['arn']"))

    stack.replay().apply(before, "operation-1", "rollback", OperationOptions(data=DataPolicy.FOLLOW))

    replayed = {name: stack.resource(name) for name in ("allowed", "after")}
    stack.deploy(older)
    programmed = {name: stack.resource(name) for name in ("allowed", "after")}
    # Once an output is marked secret it stays so, and with it what is made of it.
    assert replayed["allowed"]["inputs"]["description"][SIGNATURE] == SECRET
    assert programmed["allowed"]["inputs"]["description"][SIGNATURE] == SECRET
    # A resource without inputs of its own has dependencies, but none of its properties does.
    assert replayed["after"]["dependencies"] == programmed["after"]["dependencies"] != []
    assert not any((replayed["after"].get("propertyDependencies") or {}).values())
