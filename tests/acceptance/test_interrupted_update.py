"""A `pulumi up` that was killed leaves no history; it is seen, and undone, all the same."""

import os
import signal
import subprocess

import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.acceptance.project import PulumiProject
from tests.acceptance.silent_aws import SilentAws

pytestmark = pytest.mark.engine

V1 = """
import pulumi, pulumi_aws as aws
aws.ssm.Parameter("word", type="String", value="first")
"""
V2 = """
import pulumi, pulumi_aws as aws
word = aws.ssm.Parameter("word", type="String", value="second")
aws.sns.Topic("news", name="news-of-two", opts=pulumi.ResourceOptions(depends_on=[word]))
"""
ANSWER_SECONDS = 120
"""How long the engine may take to ask for the topic."""


def killed_while_it_creates_the_topic(project: PulumiProject, endpoint_url: str) -> None:
    """`pulumi up`, killed like a runner that is taken away, while AWS has the request and hasn't answered."""
    silent = SilentAws(endpoint_url, b"Action=CreateTopic")
    with silent.serving() as address:
        update = subprocess.Popen(
            ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
            cwd=project.root,
            env={**project.environment, "AWS_ENDPOINT_URL": address},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert silent.asked.wait(ANSWER_SECONDS)
        os.killpg(update.pid, signal.SIGKILL)
        update.wait()


def test_it_is_a_failed_version_that_can_be_undone(file_project: PulumiProject, embedded_aws: EmbeddedAws) -> None:
    project = file_project
    project.write(V1)
    project.create_stack()
    project.up().must()
    project.rollback("record").must()
    project.write(V2)

    killed_while_it_creates_the_topic(project, embedded_aws.endpoint_url)

    held = project.rollback("record")
    assert [row["version"] for row in project.rollback("history", "--output", "json").json()] == [1], held.said
    project.pulumi("cancel", "--yes").must()
    project.rollback("record").must()
    status = project.rollback("status", "--output", "json").json()
    assert (status["applied"], status["versions"][-1]["verdict"]) == (2, "failed")

    project.rollback("undo", "--yes").must()

    project.write(V1)
    project.preview_sees_no_change().must()
    ssm = embedded_aws.client("ssm")
    (word,) = ssm.describe_parameters()["Parameters"]
    assert ssm.get_parameter(Name=word["Name"])["Parameter"]["Value"] == "first"
    assert embedded_aws.client("sns").list_topics()["Topics"] == []
