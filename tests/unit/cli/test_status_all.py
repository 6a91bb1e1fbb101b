"""`rollback status --all`: every stack of a store, without a project, once or live."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollback_plugin.cli.application import application
from rollback_plugin.errors import NotAPulumiProject
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore
from tests.unit.journal.test_overview import deployed, tell


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    """A backend's folder with a store beside the state, and two stacks of two projects in it."""
    folder = tmp_path / "state"
    folder.mkdir()
    store = FolderStore(folder / ".rollback")
    tell(store, StackName("shop", "prod"), deployed(1))
    tell(store, StackName("web", "dev"), deployed(1), deployed(2))
    return folder


def environment(backend: Path, tmp_path: Path) -> dict[str, str]:
    return {"PULUMI_BACKEND_URL": backend.as_uri(), "PULUMI_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}


def test_a_backend_url_is_all_it_needs(backend: Path, tmp_path: Path) -> None:
    ended = CliRunner().invoke(
        application,
        ["status", "--all", "--output", "json", "--cwd", str(tmp_path)],
        env=environment(backend, tmp_path),
    )

    assert ended.exit_code == 0, ended.output
    assert [(row["stack"], row["applied"], row["verdict"]) for row in json.loads(ended.stdout)] == [
        ("shop/prod", 1, "healthy"),
        ("web/dev", 2, "healthy"),
    ]


def test_words_for_people_name_every_stack(backend: Path, tmp_path: Path) -> None:
    ended = CliRunner().invoke(
        application, ["status", "--all", "--cwd", str(tmp_path)], env=environment(backend, tmp_path)
    )

    assert "shop/prod" in ended.stdout
    assert "web/dev" in ended.stdout


def test_without_project_and_backend_it_says_so(tmp_path: Path) -> None:
    ended = CliRunner().invoke(
        application,
        ["status", "--all", "--cwd", str(tmp_path)],
        env={"PULUMI_HOME": str(tmp_path / "home"), "PULUMI_BACKEND_URL": ""},
    )

    assert isinstance(ended.exception, NotAPulumiProject)


def test_live_is_for_all_stacks_only() -> None:
    ended = CliRunner().invoke(application, ["status", "--watch"])

    assert ended.exit_code == 2
    assert "without --all" in ended.output


@pytest.mark.parametrize("output", ["json", "text"])
def test_live_shows_it_anew_and_ends_well_on_ctrl_c(backend: Path, tmp_path: Path, output: str) -> None:
    with watching(backend, tmp_path, output) as process:
        assert process.stdout is not None
        # Whatever it prints first is from after its signal handler was set.
        process.stdout.readline()
        if output == "json":
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors
    assert errors == ""
    if output == "text":
        assert "web/dev" in rest


@contextmanager
def watching(backend: Path, tmp_path: Path, output: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "rollback_plugin.cli", "status", "--all", "--watch", "--interval", "0.1"]
    with subprocess.Popen(
        [*command, "--output", output],
        cwd=tmp_path,
        env={
            **os.environ,
            **environment(backend, tmp_path),
            "PYTHONPATH": str(Path(__file__).parents[3]),
            "COLUMNS": "120",
            # Without it, Live prints nothing to a pipe before its end.
            "FORCE_COLOR": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
