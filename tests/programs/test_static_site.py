"""A site of 200 files goes back and forth: files that changed, came and went."""

from pathlib import Path

import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.programs.cloud import Cloud, Facts, differences
from tests.programs.corpus import release
from tests.replay.deployed_stack import DeployedStack

# Six runs of the engine with 200 resources: more than the usual limit when the machine is busy.
pytestmark = [pytest.mark.engine, pytest.mark.embedded, pytest.mark.timeout(600)]


def test_both_ways(tmp_path: Path, aws: EmbeddedAws) -> None:
    site, cloud = DeployedStack(tmp_path, aws, "site"), Cloud(aws)
    older, newer = release("static_site", "v1"), release("static_site", "v2")

    rolled_back_to = older.deploy(site)
    cloud_before = cloud.facts()
    recovered_to = newer.deploy(site)
    cloud_after = cloud.facts()
    replay = site.replay()

    assert [len(_files(facts)) for facts in (cloud_before, cloud_after)] == [200, 200]
    # 10 topics and the error page went, 60 topics, the index and 6 assets changed; and 11 others came.
    assert len(_files(cloud_before) - _files(cloud_after)) == 11 + 60 + 1 + 6

    replay.apply(rolled_back_to, "operation-1", "rollback")

    assert differences(cloud_before, cloud.facts()) == {}
    older.must_be(site)

    replay.apply(recovered_to, "operation-2", "recovery")

    assert differences(cloud_after, cloud.facts()) == {}
    newer.must_be(site)


def _files(facts: Facts) -> set[str]:
    (bucket,) = facts["buckets in us-east-1"]
    return set(bucket["objects"])
