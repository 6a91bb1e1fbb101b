"""Whether a deploy can be undone is known before it, right after it, and in every report since."""

import pytest

from tests.acceptance.project import PulumiProject

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi, pulumi_aws as aws
aws.sqs.Queue("jobs", name="QUEUE")
aws.ssm.Parameter("greeting", type="String", value="GREETING")
"""


def program(queue: str, greeting: str) -> str:
    return PROGRAM.replace("QUEUE", queue).replace("GREETING", greeting)


def test_what_cannot_be_undone_is_said_before_the_deploy_and_after_it(file_project: PulumiProject) -> None:
    project = file_project
    project.write(program("first", "hello"))
    project.create_stack()
    project.up().must()
    assert project.rollback("record", "--output", "json").json() == {
        "sealed": [1],
        "warnings": [],
        "way_back": None,
        "detection": None,
        "notices": [],
    }

    project.write(program("first", "good bye"))
    harmless = project.rollback("plan", "--of-preview", "--output", "json")
    assert harmless.json()["verdict"] == "reversible"

    project.write(program("second", "good bye"))
    preview = project.pulumi("preview", "--json").must().stdout
    (project.root / "preview.json").write_text(preview)
    judged = project.rollback("plan", "--of-preview", "preview.json")
    project.up().must()
    recorded = project.rollback("record").must()

    assert (judged.exit_code, "This deploy can't be undone, because:" in judged.stdout) == (3, True)
    assert "Version 2 can't be undone, because:" in recorded.said
    assert "Version 2 can't be undone, because:" in project.rollback("status").must().said
    rows = project.rollback("history", "--output", "json").json()
    assert [(row["way_back"] or {}).get("verdict") for row in rows] == [None, "one_way"]
