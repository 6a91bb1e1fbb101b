"""A plan that was made when there was time is not made again in the incident, unless somebody changed the stack."""

import pytest

from rollback_plugin.backend.project import open_project
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.known_plans import KnownPlans
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


class PlannedAgain(Exception):
    """The engine was asked for a plan."""


class EngineInAHurry(Engine):
    """Updates, and doesn't plan."""

    def preview(self, *arguments: object, **named: object) -> None:
        raise PlannedAgain


def program(text: str) -> Program:
    secret = 'aws.ssm.Parameter("key", type="SecureString", value=pulumi.Output.secret("always the same"))'
    topic = f'aws.sns.Topic("topic", display_name="{text}")'
    return Program(f"import pulumi\nimport pulumi_aws as aws\n{secret}\n{topic}")


def test_a_rollback_runs_the_engine_once(stack: DeployedStack) -> None:
    older, newer = program("older"), program("newer")
    first, second = stack.deploy(older), stack.deploy(newer)

    project = open_project(stack.root, stack.name.stack, stack.environment)

    def replay(kind: type[Engine]) -> Replay:
        known = KnownPlans(stack.store, stack.name, stack.environment)
        return Replay(stack.name, kind(project, stack.environment), stack.backend, stack.archive, known_plans=known)

    in_time = replay(Engine).plan(first)

    assert replay(EngineInAHurry).plan(first) == in_time
    replay(EngineInAHurry).apply(first, "operation-1", "rollback")
    stack.must_be(older)
    with pytest.raises(PlannedAgain):
        replay(EngineInAHurry).apply(first, "operation-2", "rollback")
    with pytest.raises(PlannedAgain):
        replay(EngineInAHurry).apply(second, "operation-3", "recovery")
