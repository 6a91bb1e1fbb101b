"""`rollback undo` without any watch: what spoke against the version is kept, and nothing depends on that."""

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError
from msgspec import structs
from typer.testing import CliRunner, Result

from rollback_plugin.cli import changing
from rollback_plugin.cli.application import application
from rollback_plugin.cli.session import OpeningStack
from rollback_plugin.controller.evidence import EvidenceSources
from rollback_plugin.controller.operated_stack import OperatedStack
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.journal.entries import AlarmState, EvidenceKept
from rollback_plugin.signals.evidence import Evidence
from rollback_plugin.stored import read
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import ALARM, Stand

DONE = "Done: the stack runs version 1. Version 2 is quarantined."


class Unwatched(Stand):
    """Version 1 is healthy, version 2 just deployed; a person undoes it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder)
        self.cloudwatch = CloudWatch()
        self.two_versions()
        sources = EvidenceSources(self.archive.blobs, lambda: cast("Any", None), self._no_secrets)
        controller = replace(
            self.controller(self.cloudwatch.source, self.cloudwatch.counter()), evidence_sources=sources
        )
        self.watching = 0

        def watched() -> StackController:
            self.watching += 1
            return controller

        opened = OperatedStack(controller.operator, watched)
        monkeypatch.setattr(OpeningStack, "opened", lambda *_: opened)
        monkeypatch.setattr(changing, "begin_opening", lambda *_: OpeningStack(cast("Any", None), cast("Any", None)))

    def alarm_is(self, state: AlarmState) -> None:
        self.cloudwatch.put(ALARM, state, self.now)

    def undo(self, *more: str) -> Result:
        return CliRunner().invoke(application, ["undo", "--yes", *more])

    @property
    def evidence(self) -> list[Evidence]:
        return [
            read(self.archive.blobs.read(event.digest), Evidence)
            for event in self.happened()
            if isinstance(event, EvidenceKept)
        ]

    def _no_secrets(self, version: int) -> Collection[str]:
        return ()


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unwatched:
    return Unwatched(tmp_path, monkeypatch)


def test_evidence_is_kept_where_an_alarm_rings(stack: Unwatched) -> None:
    stack.alarm_is(AlarmState.ALARM)

    ended = stack.undo()

    assert DONE in ended.output
    assert "Evidence on version 2 is kept: `rollback evidence 2`." in ended.output
    (evidence,) = stack.evidence
    assert evidence.version == 2
    assert [(alarm.alarm, alarm.state) for alarm in evidence.alarms] == [(ALARM, AlarmState.ALARM)]


def test_it_is_kept_where_the_alarm_cleared_as_soon_as_consumers_were_back(stack: Unwatched) -> None:
    stack.alarm_is(AlarmState.ALARM)
    stack.engine.on_apply = lambda: stack.alarm_is(AlarmState.OK)

    stack.undo()

    assert len(stack.evidence) == 1


def test_where_no_alarm_rang_there_is_nothing_to_keep(stack: Unwatched) -> None:
    stack.alarm_is(AlarmState.OK)
    stack.wait(1)

    ended = stack.undo()

    assert ended.output.endswith(f"{DONE}\n")
    assert stack.evidence == []


def test_for_a_version_without_alarms_nothing_that_watches_is_loaded(stack: Unwatched) -> None:
    deployed = stack.deploy_unrecorded()
    stack.journal.append_next(structs.replace(deployed, alarms=()))

    ended = stack.undo()

    assert ended.output.endswith("Done: the stack runs version 1. Version 3 is quarantined.\n")
    assert stack.watching == 0


def test_the_rollback_is_done_where_aws_does_not_answer(stack: Unwatched) -> None:
    stack.cloudwatch.fails_with = EndpointConnectionError(endpoint_url="https://monitoring")

    ended = stack.undo()

    assert ended.exception is None
    assert DONE in ended.output
    assert "no evidence on version 2 was kept" in ended.output
    assert stack.status().applied == 1
    assert stack.evidence == []


def test_json_stays_one_object(stack: Unwatched) -> None:
    stack.alarm_is(AlarmState.ALARM)

    assert json.loads(stack.undo("--output", "json").stdout)["done"] is True
    assert len(stack.evidence) == 1
