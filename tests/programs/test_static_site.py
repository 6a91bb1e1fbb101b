"""A site of 200 files goes back and forth: files that changed, came and went."""

from pathlib import Path

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.replay.plan import Action
from tests.programs.cloud import cloud, differences
from tests.programs.corpus import release
from tests.replay.deployed_stack import DeployedStack

# Six runs of the engine with 200 resources: more than the usual limit when the machine is busy.
pytestmark = [pytest.mark.engine, pytest.mark.embedded, pytest.mark.timeout(600)]


def test_both_ways(tmp_path: Path, aws: EmbeddedAws) -> None:
    site = DeployedStack(tmp_path, aws, "site")
    older, newer = release("static_site", "v1"), release("static_site", "v2")

    rolled_back_to = older.deploy(site)
    cloud_before = cloud(aws)
    recovered_to = newer.deploy(site)
    cloud_after = cloud(aws)
    replay = site.replay()

    actions = [step.action for step in replay.plan(rolled_back_to).steps]
    replay.apply(rolled_back_to, "operation-1", "rollback")

    # 10 topics and the error page come back, 10 guides and the other error page go.
    assert (actions.count(Action.CREATE), actions.count(Action.DELETE)) == (11, 11)
    assert len(cloud_before["buckets in us-east-1"][0]["objects"]) == 200
    assert differences(cloud_before, cloud(aws)) == {}
    older.must_be(site)

    replay.apply(recovered_to, "operation-2", "recovery")

    assert differences(cloud_after, cloud(aws)) == {}
    newer.must_be(site)
