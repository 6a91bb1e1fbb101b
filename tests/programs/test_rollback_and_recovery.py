"""Rolled back and recovered, programs in the style people write are what their versions' own programs make them.

Each is judged by that program's preview, by the stack's outputs and by what is in the cloud.
"""

from pathlib import Path

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.options import DataPolicy, OperationOptions
from tests.programs.cloud import Cloud, differences, settled
from tests.programs.corpus import release
from tests.replay.deployed_stack import DeployedStack

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

FOLLOW = OperationOptions(data=DataPolicy.FOLLOW)
REGIONS = {"multi_region": ("us-east-1", "eu-west-1", "ap-southeast-2")}


@pytest.mark.parametrize(
    ("program", "project"),
    [
        ("api_with_lambda", "bookings"),
        ("queue_worker", "thumbnails"),
        ("scheduled_job", "report"),
        ("table_with_stream", "orders"),
        ("multi_region", "licences"),
    ],
)
def test_both_ways(tmp_path: Path, aws: EmbeddedAws, program: str, project: str) -> None:
    stack = DeployedStack(tmp_path, aws, project)
    cloud = Cloud(aws, REGIONS.get(program, ("us-east-1",)))
    older, newer = release(program, "v1"), release(program, "v2")

    rolled_back_to = older.deploy(stack)
    outputs_before, cloud_before = settled(stack.outputs()), cloud.facts()
    recovered_to = newer.deploy(stack)
    outputs_after, cloud_after = settled(stack.outputs()), cloud.facts()
    assert differences(cloud_before, cloud_after) != {}
    replay = stack.replay()

    replay.apply(rolled_back_to, "operation-1", "rollback", FOLLOW)

    assert differences(cloud_before, cloud.facts()) == {}
    assert settled(stack.outputs()) == outputs_before
    older.must_be(stack)

    replay.apply(recovered_to, "operation-2", "recovery", FOLLOW)

    assert differences(cloud_after, cloud.facts()) == {}
    assert settled(stack.outputs()) == outputs_after
    newer.must_be(stack)
