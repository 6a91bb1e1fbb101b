"""A re-application goes through what differs, and what hangs on that, and leaves the stack as if it had gone through
everything."""

from collections.abc import Sequence
from typing import Any

import pytest

from rollback_plugin.backend.project import open_project
from rollback_plugin.journal.options import DataPolicy, OperationOptions
from rollback_plugin.recording.comparable import lasting_state
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.engine import Engine
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

FOLLOW = OperationOptions(data=DataPolicy.FOLLOW)

SHOP = """
import pulumi
import pulumi_aws as aws

west = aws.Provider("west", region="us-west-2")


class Shop(pulumi.ComponentResource):
    def __init__(self, name, options):
        super().__init__("shop:index:Shop", name, None, options)
        inside = pulumi.ResourceOptions(parent=self)
        self.queue = aws.sqs.Queue(f"{name}-orders", opts=inside)
        aws.ssm.Parameter(f"{name}-orders-url", type="String", value=self.queue.url, opts=inside)
        self.register_outputs({"orders": self.queue.url})


shops = [Shop(f"shop-{number}", pulumi.ResourceOptions(providers=[west] if number else None)) for number in range(6)]
"""
OLDER = """
changed = aws.sns.Topic("changed", display_name="older")
aws.ssm.Parameter("about-changed", type="String", value=changed.display_name)
renewed = aws.sqs.Queue("renewed", fifo_queue=False)
aws.ssm.Parameter("about-renewed", type="String", value=renewed.arn)
gone = aws.sns.Topic("gone", opts=pulumi.ResourceOptions(parent=shops[1]))
aws.ssm.Parameter("about-gone", type="SecureString", value=pulumi.Output.secret(gone.arn))
pulumi.export("renewed", renewed.url)
pulumi.export("shop", shops[2].queue.url)
pulumi.export("older", "only")
"""
NEWER = """
changed = aws.sns.Topic("changed", display_name="newer")
aws.ssm.Parameter("about-changed", type="String", value=changed.display_name)
renewed = aws.sqs.Queue("renewed", fifo_queue=True)
aws.ssm.Parameter("about-renewed", type="String", value=renewed.arn)
made = aws.sns.Topic("made", opts=pulumi.ResourceOptions(parent=shops[1]))
aws.ssm.Parameter("about-made", type="String", value=made.arn)
pulumi.export("renewed", renewed.url)
pulumi.export("shop", shops[2].queue.url)
pulumi.export("newer", "only")
"""
DIFFERING = {"changed", "about-changed", "renewed", "about-renewed"}
"""In both versions, and another one in each, or hanging on such a one."""


class NotingEngine(Engine):
    """Remembers what each run is confined to."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.targets: list[set[str]] = []

    def preview(self, *arguments: Any) -> None:
        *_, targets = arguments
        self._note(targets)
        super().preview(*arguments)

    def update(self, *arguments: Any) -> None:
        *_, options = arguments
        self._note(options.targets)
        super().update(*arguments)

    def _note(self, targets: Sequence[str]) -> None:
        self.targets.append({urn.rpartition("::")[2] for urn in targets})


def test_what_does_not_differ_is_left_alone(stack: DeployedStack) -> None:
    older, newer = Program(SHOP + OLDER), Program(SHOP + NEWER)
    first, second = stack.deploy(older), stack.deploy(newer)
    project = open_project(stack.root, stack.name.stack, stack.environment)
    engine = NotingEngine(project, stack.environment)
    replay = Replay(stack.name, engine, stack.backend, stack.archive)
    before = {each.urn: each.id for each in Checkpoint.parse(stack.state).resources}

    replay.apply(first, "operation-1", "rollback", FOLLOW)

    assert engine.targets == [DIFFERING | {"gone", "about-gone", "made", "about-made"}] * 2
    stack.must_be(older)
    untouched = {urn: identity for urn, identity in before.items() if "shop-" in urn.rpartition("::")[2]}
    after = {each.urn: each.id for each in Checkpoint.parse(stack.state).resources}
    assert untouched.items() <= after.items()
    assert stack.outputs().keys() == {"renewed", "shop", "older"}

    replay.apply(second, "operation-2", "recovery", FOLLOW)

    stack.must_be(newer)
    assert stack.outputs().keys() == {"renewed", "shop", "newer"}


def test_the_state_is_the_versions(stack: DeployedStack) -> None:
    def program(name: str) -> Program:
        return Program(f'{SHOP}\naws.sns.Topic("topic", display_name="{name}")\npulumi.export("name", "{name}")')

    first = stack.deploy(program("older"))
    second = stack.deploy(program("newer"))
    replay = stack.replay()

    for number in (first, second):
        replay.apply(number, f"operation-{number}", "rollback", FOLLOW)

        recorded = stack.archive.checkpoint(number)
        assert lasting_state(comparable(Checkpoint.parse(stack.state))) == lasting_state(comparable(recorded))


def test_what_is_left_alone_stays_behind_its_provider(stack: DeployedStack) -> None:
    """Needed by a component, which itself needs no provider, it is carried over with that. The engine may be lucky:
    tests/unit/replay/test_registration_order.py isn't."""

    def program(seconds: int) -> Program:
        return Program(
            f"""{SHOP}
class Group(pulumi.ComponentResource):
    def __init__(self, name, properties):
        super().__init__("shop:index:Group", name, properties)
        self.register_outputs({{"seconds": {seconds}}})

setting = aws.ssm.Parameter("setting", type="String", value=shops[0].queue.url)
group = Group("group", {{"setting": setting.name}})
aws.sqs.Queue("grouped", visibility_timeout_seconds={seconds}, opts=pulumi.ResourceOptions(parent=group))
"""
        )

    first = stack.deploy(program(30))
    stack.deploy(program(60))

    stack.replay().apply(first, "operation-1", "rollback", FOLLOW)

    stack.must_be(program(30))
    seen: set[str] = set()
    for each in Checkpoint.parse(stack.state).resources:
        assert not each.provider or each.provider.rpartition("::")[0] in seen
        seen.add(each.urn)


def comparable(checkpoint: Checkpoint) -> Checkpoint:
    """Without properties said to depend on nothing, which a replay says of each that it registers."""
    return checkpoint.with_resources(
        tuple(
            each.having(propertyDependencies={k: on for k, on in (each.property_dependencies or {}).items() if on})
            for each in checkpoint.resources
        )
    )
