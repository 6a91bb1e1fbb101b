"""`--strategy source` by the command: the recorded program is run again, quarantined or not."""

import pytest

from tests.acceptance.project import PulumiProject

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from rollback_plugin import track
track()

class Thing(pulumi.ComponentResource):
    def __init__(self, name, **inputs):
        super().__init__("shop:index:Thing", name, inputs)

Thing("thing", size=SIZE)
pulumi.export("size", SIZE)
"""


def program(size: int) -> str:
    return PROGRAM.replace("SIZE", str(size))


def test_undo_and_recover_by_source_leave_one_version_for_each_deploy(file_project: PulumiProject) -> None:
    file_project.write(program(1))
    file_project.create_stack()
    for size in (1, 2):
        file_project.write(program(size))
        file_project.up().must()
        file_project.rollback("record").must()

    undone = file_project.rollback("undo", "--to", "1", "--yes", "--strategy", "source")
    after_undo = file_project.outputs()
    recovered = file_project.rollback("recover", "--yes", "--strategy", "source")

    assert "Version 2 is quarantined" in undone.must().said
    assert after_undo == {"size": 1}
    recovered.must()
    file_project.preview_sees_no_change().must()
    assert file_project.outputs() == {"size": 2}
    history = file_project.rollback("history", "--output", "json").json()
    assert [(row["version"], row["kind"]) for row in history] == [
        (1, "deploy"),
        (2, "deploy"),
        (1, "rollback"),
        (2, "recovery"),
    ]


def test_a_program_that_can_not_be_run_again_is_refused_with_exit_code_3(file_project: PulumiProject) -> None:
    file_project.write(program(1).replace("track()", ""))
    file_project.create_stack()
    for size in (1, 2):
        file_project.write(program(size).replace("track()", ""))
        file_project.up().must()
        file_project.rollback("record").must()
    before = file_project.state()

    planned = file_project.rollback("plan", "--to", "1", "--strategy", "source", "--output", "json")
    undone = file_project.rollback("undo", "--to", "1", "--strategy", "source", "--yes")

    assert (planned.exit_code, undone.exit_code) == (3, 3)
    assert '"verdict": "one_way"' in planned.stdout
    assert "(source): where its program came from was not recorded" in undone.stderr
    assert file_project.state() == before
