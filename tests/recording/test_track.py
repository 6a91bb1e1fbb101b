"""track() refuses what was rolled back, writes nothing in a preview, and never costs anybody a deploy."""

import subprocess
import sys

import pytest

from rollback_plugin.journal.entries import ReasonCode, RecoveryStarted, Released, RollbackStarted, RolledBack
from tests.recording.project import COMPONENT, STACK, TRACKED, TrackedProject

pytestmark = pytest.mark.engine

PROGRAM = TRACKED + 'Thing("thing", size={size})\n'


def quarantine_newest(project: TrackedProject, undoes: int) -> None:
    journal = project.journal()
    reason = ReasonCode.ALARM_AFTER_DEPLOY
    journal.append_next(RollbackStarted(operation="op", undoes=undoes, target=undoes - 1, reason=reason))
    journal.append_next(RolledBack(operation="op", undoes=undoes, target=undoes - 1, update="dev-0"))


def state(project: TrackedProject) -> str:
    return project.pulumi("stack", "export", "--stack", STACK).stdout


def test_content_that_was_rolled_back_is_refused_until_it_changes_or_is_released(project: TrackedProject) -> None:
    for size in (1, 2):
        project.up(PROGRAM.format(size=size))
    project.record()
    quarantine_newest(project, undoes=2)
    before, stored = state(project), project.stored()

    previewed = project.pulumi("preview", "--stack", STACK, succeeds=False)
    deployed = project.up(PROGRAM.format(size=2), succeeds=False)

    for ended in (previewed, deployed):
        assert "This is the content of version 2, which is quarantined: rolled back to version 1." in ended.said
        assert "rollback release 2" in ended.said
        assert "Traceback" not in ended.said
    assert project.stored() == stored
    assert [line for line in state(project).splitlines() if '"time"' not in line] == [
        line for line in before.splitlines() if '"time"' not in line
    ]
    assert project.record().sealed == ()
    assert project.status().applied == 1

    project.up(PROGRAM.format(size=3))
    assert project.record().sealed == (3,)
    project.journal().append_next(Released(version=2))
    project.up(PROGRAM.format(size=2))
    assert project.record().sealed == (4,)
    assert project.archive().read(4).content_digest == project.archive().read(2).content_digest


def test_run_again_by_an_operation_in_progress_it_neither_refuses_nor_keeps_anything(project: TrackedProject) -> None:
    for size in (1, 2):
        project.up(PROGRAM.format(size=size))
    project.record()
    quarantine_newest(project, undoes=2)
    stored = project.stored()
    recovery = RecoveryStarted(operation="recovery", target=2, reason=ReasonCode.REQUESTED)

    project.environment["ROLLBACK_PLUGIN_OPERATION"] = "planning"
    project.pulumi("preview", "--stack", STACK)
    project.up(PROGRAM.format(size=2), succeeds=False)
    project.environment["ROLLBACK_PLUGIN_OPERATION"] = "recovery"
    project.up(PROGRAM.format(size=2), succeeds=False)
    assert project.stored() == stored
    project.journal().append_next(recovery)
    stored = project.stored()

    project.up(PROGRAM.format(size=2))

    assert project.stored() == stored


def test_the_same_program_with_other_code_beside_the_project_is_not_refused(project: TrackedProject) -> None:
    code = project.root.parent / "app.py"
    program = TRACKED + 'Thing("thing", code=pulumi.FileAsset("../app.py"))\n'
    for text in ("good", "bad"):
        code.write_text(text)
        project.up(program)
    project.record()
    quarantine_newest(project, undoes=2)

    project.up(program, succeeds=False)
    code.write_text("fixed")
    project.up(program)

    assert project.record().sealed == (3,)


def test_a_preview_writes_nothing(project: TrackedProject) -> None:
    project.write("__main__.py", TRACKED + 'Thing("thing", code=pulumi.FileAsset("__main__.py"))\n')

    project.pulumi("preview", "--stack", STACK)

    assert project.stored() == {}


def test_a_store_that_can_not_be_used_is_a_warning_and_the_deploy_goes_on(project: TrackedProject) -> None:
    (project.root.parent / "file").write_text("where a folder must be")
    project.pulumi("config", "set", "--stack", STACK, "rollback:store", f"file://{project.root.parent}/file/store")

    ended = project.up(PROGRAM.format(size=1))

    assert "warning" in ended.said
    assert "can't be undone" in ended.said
    assert "+ 2 created" in ended.said


def test_calling_it_again_does_nothing_more(project: TrackedProject) -> None:
    project.up(TRACKED + 'track()\nThing("thing")\ntrack()\n')

    captures = [key for key in project.stored() if "/captures/" in key]

    assert len(captures) == 1


OUTSIDE = (
    COMPONENT
    + """
import sys
if "mocks" in sys.argv:
    class Mocks(pulumi.runtime.Mocks):
        def new_resource(self, args):
            return [args.name, args.inputs]
        def call(self, args):
            return {}
    pulumi.runtime.set_mocks(Mocks())
track()
print("went on")
"""
)


@pytest.mark.parametrize("how", ["mocks", "plain"])
def test_outside_of_a_deployment_it_does_nothing(project: TrackedProject, how: str) -> None:
    project.write("__main__.py", OUTSIDE)

    done = subprocess.run(
        [sys.executable, "__main__.py", how],
        cwd=project.root,
        env=project.environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "went on\n"
    assert project.stored() == {}


INLINE = (
    COMPONENT
    + """
import gc
import os
import threading
from pulumi import automation

def program():
    track()
    if "--transformed" in sys.argv:
        pulumi.runtime.register_resource_transform(lambda arguments: None)
    Thing("thing", code=pulumi.FileAsset(os.path.abspath("code.py")))

stack = automation.select_stack("dev", sys.argv[1], program)
for text in sys.argv[2]:
    with open("code.py", "w") as code:
        code.write(text)
    print(stack.up().stdout)
gc.collect()
threads = [thread for thread in threading.enumerate() if thread.name == "keep-assets_0"]
for thread in threads:
    thread.join(2)
print("servers:", sum(thread.is_alive() for thread in threads))
"""
)


def run_inline(project: TrackedProject, name: str, texts: str = "12", *options: str) -> str:
    """Runs a program for each of the texts, all in one process; returns what that said."""
    project.write("deploy.py", "import sys\n" + INLINE)
    # The Automation API leaves its workspaces behind.
    temporary = project.root.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "deploy.py", name, texts, *options],
        cwd=project.root,
        env={**project.environment, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_inline_program_has_its_assets_and_links_kept_but_no_content_to_quarantine(project: TrackedProject) -> None:
    run_inline(project, "shop")

    result = project.record()

    assert (result.sealed, result.warnings) == ((1, 2), ())
    for number, code in ((1, b"1"), (2, b"2")):
        version = project.archive().read(number)
        assert version.content_digest is None
        assert project.archive().links(version).resources
        assert [project.archive().blobs.read(hash_) for hash_ in version.assets] == [code]


def test_a_process_that_runs_many_inline_programs_does_not_keep_the_server_of_each(project: TrackedProject) -> None:
    said = run_inline(project, "shop", "12345", "--transformed")

    # The SDK holds on to the last run, or the last two.
    assert int(said.rpartition("servers: ")[2]) in (1, 2)


def test_an_inline_program_in_another_projects_folder_leaves_that_alone(project: TrackedProject) -> None:
    project.write("other/Pulumi.yaml", "name: other\nruntime: python\n")
    project.pulumi("stack", "init", STACK, "--cwd", "other")

    said = run_inline(project, "other")

    assert "Run an inline program in the folder of its own Pulumi.yaml" in said
    assert project.stored() == {}
