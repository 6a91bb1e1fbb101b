"""`rollback prune`, on a stack with a real journal, and what the other commands say of versions that are pruned."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from rollback_plugin.cli import comparing, looking, proving, session, verifying
from rollback_plugin.cli.application import application
from rollback_plugin.controller.comparison import Comparison
from rollback_plugin.controller.prune import Pruner
from rollback_plugin.errors import NotConfirmed, VersionPruned
from rollback_plugin.replay.known_plans import KnownPlans
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import ME, Stand

HARD = ("--keep", "1", "--older-than", "0")


class Old(Stand):
    """A stack with seven healthy versions, half an hour apart; the commands see no other."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for _ in range(7):
            self.deploy()
            self.wait(30)
        self.cloudwatch = CloudWatch()

    def run(self, *command: str) -> Result:
        return CliRunner().invoke(application, [*command])

    def answered_json(self, *command: str) -> Any:
        ended = self.run(*command, "--output", "json")
        assert ended.exception is None, ended.exception
        return json.loads(ended.stdout)

    def objects(self) -> dict[str, bytes]:
        return {key: self.store.read(key) for key in self.store.list()}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Old:
    old = Old(tmp_path)
    controller = old.controller(old.cloudwatch.source, old.cloudwatch.counter())
    pruner = Pruner(old.stack, old.store, old._journal(ME), KnownPlans(old.store, old.stack, {}), lambda: old.now)
    monkeypatch.setattr(session, "open_pruner", lambda *_: pruner)
    for module in (verifying, proving, looking):
        monkeypatch.setattr(module, "open_stack", lambda *_, **__: controller)
    monkeypatch.setattr(looking, "open_records", lambda *_: controller)
    comparison = Comparison(old.archive, cast("Any", None), controller.status)
    monkeypatch.setattr(comparing, "open_comparison", lambda *_: comparison)
    return old


def test_by_default_a_hundred_versions_and_ninety_days_stay(stack: Old) -> None:
    stack.wait(91 * 24 * 60)
    assert stack.run("prune", "--yes").output == "Nothing to prune.\n"

    assert stack.answered_json("prune", "--keep", "1", "--yes")["pruned"] == [1, 2, 3]


def test_nothing_goes_without_a_yes(stack: Old) -> None:
    before = stack.objects()

    ended = stack.run("prune", *HARD)

    assert isinstance(ended.exception, NotConfirmed)
    assert stack.objects() == before


def test_a_dry_run_says_what_goes_how_much_and_why_the_rest_stays(stack: Old) -> None:
    before = stack.objects()

    ended = stack.run("prune", *HARD, "--dry-run")

    assert ended.exception is None
    lines = " ".join(ended.output.split())
    assert "Goes: versions 1-3 (" in lines
    assert "Stays: versions 4-6 (WAY_BACK)." in lines
    assert "Stays: version 7 (APPLIED, NEWEST, RECOVERY, AMONG_THE_NEWEST)." in lines
    assert stack.objects() == before


def test_what_it_says_goes_is_what_goes(stack: Old) -> None:
    before = stack.objects()

    answer = stack.answered_json("prune", *HARD, "--yes")

    gone = before.keys() - stack.objects().keys()
    assert answer["done"] is True
    assert answer["pruned"] == [1, 2, 3]
    assert answer["survey"]["objects"] == len(gone)
    assert answer["survey"]["size_bytes"] == sum(len(before[key]) for key in gone)
    assert stack.archive.numbers() == (4, 5, 6, 7)


def test_the_trash_is_emptied_after_a_week(stack: Old) -> None:
    stack.run("prune", *HARD, "--yes")
    stack.wait(7 * 24 * 60 - 1)
    assert stack.run("prune", *HARD, "--yes").output == "Nothing to prune.\n"
    assert list(stack.store.list("trash/"))

    stack.wait(1)

    assert "left the trash for good" in stack.run("prune", *HARD, "--yes").output
    assert not list(stack.store.list("trash/"))


def test_other_commands_still_tell_of_what_was_pruned(stack: Old) -> None:
    stack.run("prune", *HARD, "--yes")

    rows = stack.answered_json("history")
    assert [row["version"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert rows[0]["verdict"] == "healthy"
    assert rows[0]["source"] is None
    assert rows[0]["pruned"]["by"] == str(ME)
    assert rows[3]["pruned"] is None
    assert "pruned 2026-03-02" in " ".join(stack.run("history").output.split())
    assert [v["pruned"] is not None for v in stack.answered_json("status")["versions"]] == [True] * 3 + [False] * 4
    verified = stack.answered_json("verify")
    assert (verified["versions"], verified["pruned"], verified["problems"]) == (4, 3, [])


@pytest.mark.parametrize(
    "command", [("diff", "1", "2"), ("diff", "4"), ("plan", "--to", "2"), ("evidence", "3")], ids=" ".join
)
def test_what_needs_a_pruned_version_says_who_pruned_it_and_when(stack: Old, command: tuple[str, ...]) -> None:
    stack.run("prune", *HARD, "--yes")

    ended = stack.run(*command)

    assert isinstance(ended.exception, VersionPruned)
    assert f"{ME} pruned it at {stack.now:%Y-%m-%d %H:%M:%S} UTC. These are kept: 4, 5, 6, 7." in str(ended.exception)
