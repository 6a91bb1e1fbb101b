"""Stacks that read another one's outputs: each goes back by itself, and takes what the other says by then."""

from pathlib import Path

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.options import DataPolicy, OperationOptions
from tests.programs.cloud import Cloud, differences, settled
from tests.programs.corpus import release
from tests.replay.deployed_stack import DeployedStack

# Eighteen runs of the engine: more than the usual limit when the machine is busy.
pytestmark = [pytest.mark.engine, pytest.mark.embedded, pytest.mark.timeout(600)]

FOLLOW = OperationOptions(data=DataPolicy.FOLLOW)
PROJECTS = ("platform", "orders", "billing")


def test_both_ways(tmp_path: Path, aws: EmbeddedAws) -> None:
    stacks = {project: DeployedStack(tmp_path, aws, project) for project in PROJECTS}
    older = {project: release(f"stacks_that_refer/{project}", "v1") for project in PROJECTS}
    newer = {project: release(f"stacks_that_refer/{project}", "v2") for project in PROJECTS}
    cloud = Cloud(aws)

    rolled_back_to = {project: older[project].deploy(stack) for project, stack in stacks.items()}
    outputs_before, cloud_before = _outputs(stacks), cloud.facts()
    recovered_to = {project: newer[project].deploy(stack) for project, stack in stacks.items()}
    outputs_after, cloud_after = _outputs(stacks), cloud.facts()
    assert differences(cloud_before, cloud_after) != {}

    # The platform's topic is made anew: the others find another one than they were recorded with.
    for project, stack in stacks.items():
        stack.replay().apply(rolled_back_to[project], "operation-1", "rollback", FOLLOW)

    assert differences(cloud_before, cloud.facts()) == {}
    assert _outputs(stacks) == outputs_before
    for project, stack in stacks.items():
        older[project].must_be(stack)

    for project, stack in stacks.items():
        stack.replay().apply(recovered_to[project], "operation-2", "recovery", FOLLOW)

    assert differences(cloud_after, cloud.facts()) == {}
    assert _outputs(stacks) == outputs_after
    for project, stack in stacks.items():
        newer[project].must_be(stack)


def _outputs(stacks: dict[str, DeployedStack]) -> object:
    """As the state has them: none is a secret."""
    return settled({project: stack.resource(f"{project}-dev")["outputs"] for project, stack in stacks.items()})
