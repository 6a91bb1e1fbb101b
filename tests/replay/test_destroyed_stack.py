"""A destroyed stack can be brought back, and a destroy is nothing to go back to."""

import pytest

from rollback_plugin.errors import NotReplayable
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

PROGRAM = Program(
    "import pulumi\nimport pulumi_aws as aws\n"
    "topic = aws.sns.Topic('events', display_name='events')\n"
    "aws.ssm.Parameter('arn', type='String', value=topic.arn)\n"
    "pulumi.export('arn', topic.arn)\n"
)


def test_a_destroyed_stack_comes_back(stack: DeployedStack) -> None:
    target = stack.deploy(PROGRAM)
    stack.pulumi("destroy", "--yes", "--skip-preview")
    destroyed = stack.record()

    with pytest.raises(NotReplayable, match="is a `pulumi destroy`"):
        stack.replay().plan(destroyed)
    stack.replay().apply(target, "operation-1", "rollback")

    stack.must_be(PROGRAM)
