"""Old versions of a real stack are pruned, and the way back is still there."""

import pytest

from tests.acceptance.project import PulumiProject

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi, pulumi_aws as aws
from rollback_plugin import track
track()
page = aws.s3.BucketObject("page", bucket=aws.s3.Bucket("pages").bucket, source=pulumi.FileAsset("page.html"))
"""


def deploy(project: PulumiProject, content: int) -> None:
    project.write(PROGRAM, {"page.html": f"<p>{content}</p>"})
    project.up().must()
    project.rollback("record").must()


def test_after_a_prune_the_way_back_leads_where_it_did_and_no_bytes_are_lacking(
    file_project: PulumiProject,
) -> None:
    project = file_project
    project.write(PROGRAM, {"page.html": ""})
    project.create_stack()
    project.pulumi("config", "set", "rollback:bakeSeconds", "0").must()
    for content in (1, 2, 3, 4, 5):
        deploy(project, content)

    told = project.rollback("prune", "--keep", "1", "--older-than", "0", "--yes", "--output", "json").json()
    assert told["pruned"] == [1]

    history = project.rollback("history", "--output", "json").json()
    assert [row["pruned"] is not None for row in history] == [True, False, False, False, False]
    refused = project.rollback("undo", "--to", "1", "--yes")
    assert refused.exit_code == 2
    assert "Version 1 can't be had again" in refused.stderr
    # Its program is that of version 1 again, whose page lies in the trash.
    deploy(project, 1)
    project.rollback("undo", "--to", "2", "--yes").must()
    project.rollback("recover", "--yes").must()
    project.write(PROGRAM, {"page.html": "<p>1</p>"})
    project.preview_sees_no_change().must()
    verified = project.rollback("verify", "--output", "json").json()
    assert (verified["versions"], verified["pruned"], verified["problems"]) == (5, 1, [])
