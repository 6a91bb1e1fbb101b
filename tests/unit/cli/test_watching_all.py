"""`rollback watch --all`: every stack of a backend, without a project."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollback_plugin.cli.application import application
from rollback_plugin.errors import NotLoggedIn
from rollback_plugin.stack import StackName
from tests.fleet.storm import write_update


def test_every_stack_is_looked_at_and_its_deploys_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for project in ("books", "shop"):
        write_update(tmp_path / "state", StackName(project, "dev"), int(time.time()) - 5, "deploy", {})
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "state").as_uri())
    monkeypatch.chdir(tmp_path)

    ended = CliRunner().invoke(application, ["watch", "--all", "--once", "--output", "json"])

    assert ended.exit_code == 0, ended.output
    rounds = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(each["stack"]["project"], each["decision"]["version"]) for each in rounds] == [("books", 1), ("shop", 1)]


def test_a_stack_that_cannot_be_looked_at_is_said_after_the_others_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for project in ("books", "shop"):
        write_update(tmp_path / "state", StackName(project, "dev"), int(time.time()) - 5, "deploy", {})
    (history,) = (tmp_path / "state" / ".pulumi" / "history" / "books" / "dev").glob("*.history.json")
    history.write_text("no history")
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "state").as_uri())

    ended = CliRunner().invoke(application, ["watch", "--all", "--once", "--output", "json"])

    assert ended.exit_code == 1
    failed, looked_at = (json.loads(line) for line in ended.stdout.splitlines())
    assert failed["error"]["error"] == "UnsupportedBackend"
    assert looked_at["stack"]["project"] == "shop"


def test_without_a_backend_it_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)

    ended = CliRunner().invoke(application, ["watch", "--all", "--once"])

    assert isinstance(ended.exception, NotLoggedIn)
