"""People's answers and freezes, as commands on a stack with a real journal."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from rollback_plugin.cli import looking, reporting, session
from rollback_plugin.cli.application import application
from rollback_plugin.controller.reporting import UNREPORTED, Reporting
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.errors import InvalidConfiguration, NotConfirmed, NothingAsked, OperationInProgress
from rollback_plugin.journal.entries import AlarmState, Answered, FreezeBegan, ReasonCode, RollbackStarted
from rollback_plugin.journal.journal import Journal
from rollback_plugin.notices.channel import Channel
from rollback_plugin.versions.service import Policy
from tests.notices.receiver import served_hook
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import ALARM, ME, Stand


class Asked(Stand):
    """A stack whose policy leaves rollbacks to people, with version 2 ringing; the commands see no other."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Policy(bake_seconds=600, automatic_rollback=False))
        self.cloudwatch = CloudWatch()
        self.channels: list[Channel] = []
        self.two_versions()
        self.cloudwatch.put(ALARM, AlarmState.ALARM, self.now)
        self.watched = self.controller(self.cloudwatch.source, self.cloudwatch.counter())

    def opened(self, _stack: object, _folder: object, reporting: Reporting = UNREPORTED) -> StackController:
        if not self.channels:
            return self.watched
        listener = reporting.listener(self.stack, self.store, ME, lambda: self.channels)
        return replace(self.watched, journal=Journal(self.store, self.stack, lambda: self.now, str(ME), listener))

    def tick(self) -> ReasonCode:
        return self.watched.round(self.watched.read_alarms()).decision.reason

    def run(self, *command: str) -> Result:
        return CliRunner().invoke(application, [*command])

    def answered_json(self, *command: str) -> Any:
        ended = self.run(*command, "--output", "json")
        assert ended.exception is None, ended.exception
        return json.loads(ended.stdout)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked(tmp_path)
    monkeypatch.setattr(session, "open_stack", asked.opened)
    monkeypatch.setattr(looking, "open_records", asked.opened)
    monkeypatch.setattr(session, "now", lambda: asked.now)
    monkeypatch.setattr(reporting, "now", lambda: asked.now)
    # However busy the machine is, what is told is told.
    monkeypatch.setattr(reporting, "LAST_NOTICES_SECONDS", 120.0)
    return asked


def test_a_yes_is_journaled_with_its_reason_and_done_at_once(stack: Asked) -> None:
    stack.tick()

    assert stack.run("approve", "--yes", "--why", "go").output.endswith(
        "Done: the stack runs version 1. Version 2 is quarantined.\n"
    )
    assert stack.events == ["alarm", "asked", "answered", "rollback_started", "traffic_shifted", "rolled_back"]
    assert [event.explanation for event in stack.happened() if isinstance(event, Answered)] == ["go"]
    assert stack.status().applied == 1


@pytest.mark.parametrize(("command", "happened"), [("approve", "approved"), ("deny", "denied")])
def test_an_answer_is_told_with_its_reason(stack: Asked, command: str, happened: str) -> None:
    stack.tick()
    with served_hook() as hook:
        stack.channels.append(hook.channel)
        stack.run(command, "--yes", "--why", "it is the network")

    told = [document["notice"] for _, document in hook.posted]
    assert [(notice["happened"], notice.get("why")) for notice in told][:2] == [
        ("asked", None),
        (happened, "it is the network"),
    ]
    assert told[1]["actor"] == "me@here:4242"


def test_a_freeze_and_its_end_are_told_with_their_reasons(stack: Asked) -> None:
    with served_hook() as hook:
        stack.channels.append(hook.channel)
        stack.run("freeze", "--yes", "--why", "the fair")
        stack.run("unfreeze", "--yes", "--why", "it is over")
        stack.run("unfreeze", "--yes", "--why", "again")

    told = [document["notice"] for _, document in hook.posted]
    assert [(notice["happened"], notice["why"]) for notice in told] == [
        ("frozen", "the fair"),
        ("unfrozen", "it is over"),
    ]


def test_a_yes_that_a_crash_kept_from_being_done_is_done_by_the_next(stack: Asked) -> None:
    stack.tick()
    question = stack.status().question
    assert question is not None
    stack.journal.append_next(Answered(question=question.asked.question, approved=True))

    assert stack.answered_json("approve", "--yes")["done"] is True
    assert stack.events.count("answered") == 1


def test_a_no_holds_what_was_asked(stack: Asked) -> None:
    stack.tick()

    assert "stays as it is" in stack.run("deny", "--yes", "--why", "it is the network").output
    assert stack.tick() is ReasonCode.DENIED
    assert stack.status().applied == 2
    assert isinstance(stack.run("approve", "--yes").exception, NothingAsked)


def test_a_no_after_a_yes_says_what_to_do_instead(stack: Asked) -> None:
    stack.tick()
    question = stack.status().question
    assert question is not None
    stack.journal.append_next(Answered(question=question.asked.question, approved=True))

    denied = stack.run("deny", "--yes")

    assert isinstance(denied.exception, NothingAsked)
    assert "rollback freeze" in str(denied.exception)


@pytest.mark.parametrize("command", ["approve", "deny"])
def test_nothing_is_answered_that_nobody_asked(stack: Asked, command: str) -> None:
    ended = stack.run(command, "--yes")

    assert isinstance(ended.exception, NothingAsked)
    assert stack.events == []


@pytest.mark.parametrize("command", ["approve", "deny"])
def test_a_deploy_since_ends_the_question(stack: Asked, command: str) -> None:
    stack.tick()
    stack.wait(1)
    stack.recorder.pending.append(stack.deploy)

    assert isinstance(stack.run(command, "--yes").exception, NothingAsked)
    assert stack.engine.applied == []


def test_what_somebody_else_began_meanwhile_is_not_done_twice(stack: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.tick()
    answer = stack.watched.journal.append_next
    started = RollbackStarted(operation="o", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY)

    def overtaken(event: Answered) -> object:
        answer(event)
        return answer(started)

    monkeypatch.setattr(stack.watched.journal, "append_next", overtaken)

    assert isinstance(stack.run("approve", "--yes").exception, OperationInProgress)
    assert stack.engine.applied == []


@pytest.mark.parametrize("command", ["approve", "deny", "freeze"])
def test_nothing_is_done_without_a_yes(stack: Asked, command: str) -> None:
    stack.tick()

    assert isinstance(stack.run(command).exception, NotConfirmed)
    assert stack.events == ["alarm", "asked"]


def test_a_freeze_holds_everything_until_it_ends(stack: Asked) -> None:
    assert "is frozen until `rollback unfreeze`" in stack.run("freeze", "--yes", "--why", "the fair").output
    assert stack.tick() is ReasonCode.FROZEN

    assert stack.answered_json("unfreeze", "--yes") == {"frozen": False, "changed": True}
    assert stack.tick() is ReasonCode.AUTOMATIC_ROLLBACK_OFF
    assert stack.answered_json("unfreeze", "--yes") == {"frozen": False, "changed": False}


def test_a_freeze_ends_at_its_date(stack: Asked) -> None:
    until = (stack.now + timedelta(minutes=5)).isoformat()

    assert stack.answered_json("freeze", "--until", until, "--yes")["frozen"] is True
    (frozen,) = [event for event in stack.happened() if isinstance(event, FreezeBegan)]
    assert frozen.until == stack.now + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("tomorrow", "no date and time"),
        ("2026-12-24T18:00", "its offset from UTC"),
        ("2020-01-01T00:00Z", "has passed"),
    ],
)
def test_a_date_that_can_not_be_meant_is_refused(stack: Asked, until: str, words: str) -> None:
    ended = stack.run("freeze", "--until", until, "--yes")

    assert isinstance(ended.exception, InvalidConfiguration)
    assert words in str(ended.exception)
    assert stack.events == []


def test_status_says_what_is_asked_answered_and_frozen(stack: Asked) -> None:
    stack.tick()
    asked = stack.run("status").output
    stack.run("deny", "--yes", "--why", "it is the network")
    stack.run("freeze", "--yes", "--why", "the fair")
    frozen = stack.run("status").output

    as_json = stack.answered_json("status")

    assert as_json["freeze"]["began"]["explanation"] == "the fair"
    assert "Asked since" in asked
    assert "rollback approve" in asked.replace("\n", " ")
    assert "Frozen until somebody ends it, by me@here:4242. the fair" in frozen.replace("\n", " ")
