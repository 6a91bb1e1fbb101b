"""A team is told of a rollback through a webhook whose URL is a secret of the stack, and nobody else learns the URL."""

import json
from pathlib import Path

import pytest

from tests.acceptance.project import PulumiProject
from tests.notices.receiver import served_hook

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi_aws as aws
from rollback_plugin import track
track()
aws.ssm.Parameter("greeting", type="String", value="{greeting}")
"""
SECRET = "hunter2"


def test_a_rollback_is_told_to_the_stack_s_webhook_and_the_log_and_its_url_to_nobody(
    file_project: PulumiProject,
) -> None:
    with served_hook() as hook:
        # Given a stack with two versions, whose config names a webhook
        file_project.write(PROGRAM.format(greeting="one"))
        file_project.create_stack()
        file_project.pulumi("config", "set", "--secret", "--path", "rollback:notify[0]", hook.url).must()
        file_project.up().must()
        file_project.write(PROGRAM.format(greeting="two"))
        file_project.up().must()
        recorded = file_project.rollback("record").must()

        # When a person rolls it back, and the controller looks at it afterwards
        undone = file_project.rollback("undo", "--to", "1", "--yes").must()
        watched = file_project.rollback("watch", "--once", "--log-format", "json").must()

    # Then it was known before where the notices would go
    assert "Notices go to: webhook at 127.0.0.1." in recorded.stdout
    # And the webhook got each step once
    notices = [document["notice"] for _, document in hook.posted]
    assert [(notice["happened"], notice["version"], notice["target"]) for notice in notices] == [
        ("rollback_started", 2, 1),
        ("rolled_back", 2, 1),
    ]
    assert Path(notices[0]["record"].removeprefix("file://")).is_file()
    # And the log is a JSON object a line
    lines = [json.loads(line) for line in watched.stderr.splitlines()]
    assert [(line["event"], line["stack"], line["reason"]) for line in lines if line["event"] == "decided"] == [
        ("decided", "shop/dev", "NO_ALARM")
    ]
    # And neither the commands nor the store say where the webhook is
    assert SECRET not in recorded.said + undone.said + watched.said
    state = Path(file_project.backend_url.removeprefix("file://"))
    assert [path for path in state.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()] == []
