"""With `track()` in a program, values follow where they came from, however short or equal they are, and options that no
checkpoint holds are honoured on the way back."""

import pytest

from rollback_plugin.journal.options import DataPolicy, OperationOptions
from rollback_plugin.replay.events import EngineEvent, ResourceStep
from rollback_plugin.replay.plan import Action
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

FOLLOW = OperationOptions(data=DataPolicy.FOLLOW)
IMPORTS = """
import json
import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions
from rollback_plugin import track
track()
"""


@pytest.fixture
def tracked(stack: DeployedStack) -> DeployedStack:
    """Where the tests' recorder looks for what `track()` left."""
    stack.pulumi("config", "set", "rollback:store", (stack.root.parent / "store").as_uri())
    return stack


def published(word: str, first: str, second: str) -> Program:
    code = f"""
trust = json.dumps({{'Version': '2012-10-17', 'Statement': [{{'Effect': 'Allow', 'Action': 'sts:AssumeRole',
    'Principal': {{'Service': 'lambda.amazonaws.com'}}}}]}})
role = aws.iam.Role('role', assume_role_policy=trust)

def function(name, **more):
    return aws.lambda_.Function(name, role=role.arn, runtime="python3.12", handler="app.handler", publish=True, **more)

orders = function("orders", code=pulumi.FileArchive("./orders"))
billing = function("billing", code=pulumi.FileArchive("./billing"))
function("front", code=pulumi.FileArchive("./billing"), environment={{"variables": {{
    "FIRST": {first}.version, "SECOND": {second}.version, "RETRIES": "1"}}}})
password = pulumi.Output.secret("{word}-that-is-secret")
aws.ssm.Parameter("password", type="SecureString", value=password)
pulumi.export("versions", [{first}.version, {second}.version, "1", 1, True])
pulumi.export("orders", orders.version)
pulumi.export("secret", pulumi.Output.secret(orders.version))
"""
    files = {"orders/app.py": f"word = '{word}'\n", "billing/app.py": "always = 'the same'\n"}
    return Program(IMPORTS + code, files)


def test_equal_short_values_follow_the_outputs_the_program_took_them_from(tracked: DeployedStack) -> None:
    """Both functions are at version 1 first. Rolled back, `orders` is published anew, and `billing` isn't."""
    older, newer = published("first", "orders", "billing"), published("second", "billing", "orders")
    before, after = tracked.deploy(older), tracked.deploy(newer)
    replay = tracked.replay()

    def environment() -> object:
        return tracked.resource("front")["inputs"]["environment"]["variables"]

    plan = replay.plan(before)
    replay.apply(before, "operation-1", "rollback")

    assert (plan.refusals, plan.remarks) == ((), ())
    assert environment() == {"FIRST": "3", "SECOND": "1", "RETRIES": "1"}
    assert tracked.outputs() == {"versions": ["3", "1", "1", 1, True], "orders": "3", "secret": "3"}
    tracked.must_be(older)

    replay.apply(after, "operation-2", "recovery")

    assert environment() == {"FIRST": "1", "SECOND": "4", "RETRIES": "1"}
    tracked.must_be(newer)
    kept = b"".join(tracked.store.read(key) for key in tracked.store.list() if "/links/" in key)
    assert b"FIRST" in kept
    assert b"that-is-secret" not in kept


def topics(name: str, alias: str, fifo: bool, delete_first: bool) -> Program:
    return Program(
        IMPORTS
        + f"""
aws.sns.Topic("events", fifo_topic={fifo}, opts=ResourceOptions(delete_before_replace={delete_first}))
aws.sns.Topic("{name}", fifo_topic={fifo}, opts=ResourceOptions(aliases=[pulumi.Alias(name="{alias}")]))
"""
    )


def test_options_that_no_checkpoint_holds_are_honoured(tracked: DeployedStack) -> None:
    """Neither version's second topic has the id of the other's, so only the declared alias says that it is one."""
    older, newer = topics("first", "second", False, delete_first=True), topics("second", "first", True, False)
    before, after = tracked.deploy(older), tracked.deploy(newer)
    replay = tracked.replay()

    back, forth = list[EngineEvent](), list[EngineEvent]()
    plan = replay.plan(before)
    replay.apply(before, "operation-1", "rollback", on_event=back.append)
    replay.apply(after, "operation-2", "recovery", on_event=forth.append)

    planned = {step.urn.rpartition("::")[2]: step.action for step in plan.steps}
    assert (planned["events"], planned["first"]) == (Action.REPLACE, Action.REPLACE)
    assert made_and_deleted(back, "events") == ["delete-replaced", "create-replacement"]
    assert made_and_deleted(forth, "events") == ["create-replacement", "delete-replaced"]
    tracked.must_be(newer)


def made_and_deleted(events: list[EngineEvent], name: str) -> list[str]:
    steps = [event for event in events if isinstance(event, ResourceStep) and event.stage == "started"]
    return [
        step.operation
        for step in steps
        if step.urn.endswith(f"::{name}") and step.operation in ("delete-replaced", "create-replacement")
    ]
