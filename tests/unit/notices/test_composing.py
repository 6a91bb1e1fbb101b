"""Which entries are told, and as what: a table, and the stories they come in."""

import json
from typing import Literal

import pytest
from msgspec.structs import replace

from rollback_plugin.journal.entries import (
    Asked,
    Entry,
    Event,
    Held,
    OperationFailed,
    ReasonCode,
    Released,
    RollbackVerified,
)
from rollback_plugin.notices.composing import Composer
from rollback_plugin.notices.notice import Happened, Notice
from rollback_plugin.stack import StackName
from tests.unit.controller.stories import Story

SHOP = StackName("shop", "prod")


def told(*events: Event) -> list[Notice]:
    """The notices of a story of a rollback from version 2 to 1 and what followed it."""
    story = Story().deploy(1, 0).deploy(2, 30).ring(31).roll_back(2, 1, 32)
    return [*notices([*story.entries, *entries(story, events)])][2:]


def entries(story: Story, events: tuple[Event, ...]) -> list[Entry]:
    last = story.entries[-1]
    return [replace(last, sequence=last.sequence + number, event=event) for number, event in enumerate(events, start=1)]


def notices(happened: list[Entry]) -> list[Notice]:
    composer = Composer(SHOP, "s3://bucket/.rollback")
    return [notice for entry in happened if (notice := composer.compose(entry)) is not None]


def test_a_rollback_is_told_when_it_begins_and_when_it_is_done() -> None:
    began, done = notices(Story().deploy(1, 0).deploy(2, 30).ring(31).roll_back(2, 1, 32).entries)

    assert (began.happened, done.happened) == (Happened.ROLLBACK_STARTED, Happened.ROLLED_BACK)
    for notice in (began, done):
        assert (notice.version, notice.target, notice.reason, notice.alarms) == (
            2,
            1,
            "ALARM_AFTER_DEPLOY",
            ("errors",),
        )
        assert notice.actor == "me@here:1"
    assert began.headline == "Version 2 of shop/prod is being rolled back (to version 1)."
    assert began.id == "shop/prod/4"
    assert began.record == "s3://bucket/.rollback/stacks/shop/prod/journal/00000004.json"
    assert "rollback release 2 --stack prod" in done.what_next


@pytest.mark.parametrize(
    ("event", "happened", "reason", "alarms"),
    [
        (
            RollbackVerified(operation="op", helped=True),
            Happened.ROLLBACK_HELPED,
            "ALARM_AFTER_DEPLOY",
            ("errors",),
        ),
        (
            RollbackVerified(operation="op", helped=False, still_ringing=("slow",)),
            Happened.ROLLBACK_DID_NOT_HELP,
            "ROLLBACK_DID_NOT_HELP",
            ("slow",),
        ),
        (
            OperationFailed(operation="op", error="hunter2"),
            Happened.OPERATION_FAILED,
            "OPERATION_FAILED",
            ("errors",),
        ),
        (
            Held(version=2, reason=ReasonCode.NO_HEALTHY_VERSION, explanation="hunter2"),
            Happened.HELD,
            "NO_HEALTHY_VERSION",
            (),
        ),
        (
            Asked(
                question="q",
                kind="rollback",
                version=2,
                target=1,
                because=ReasonCode.ALARM_AFTER_DEPLOY,
                reason=ReasonCode.QUIET_HOURS,
                alarms=("errors",),
                explanation="hunter2",
            ),
            Happened.ASKED,
            "ALARM_AFTER_DEPLOY",
            ("errors",),
        ),
    ],
)
def test_what_becomes_of_it_is_told(event: Event, happened: Happened, reason: str, alarms: tuple[str, ...]) -> None:
    (notice,) = told(event)

    assert (notice.happened, notice.version, notice.reason, notice.alarms) == (happened, 2, reason, alarms)
    # What the engine said stays in the journal.
    assert "hunter2" not in json.dumps(notice.facts())


def test_what_a_plan_refuses_is_one_notice() -> None:
    held = Held(version=2, reason=ReasonCode.PLAN_REFUSED, explanation="urn:… can't be replaced")

    (notice,) = told(held, OperationFailed(operation="op", error="urn:… can't be replaced"))

    assert (notice.happened, notice.reason) == (Happened.REFUSED, "PLAN_REFUSED")
    assert "rollback plan --stack prod" in notice.what_next


def test_a_failure_is_one_notice() -> None:
    held = Held(version=2, reason=ReasonCode.OPERATION_FAILED, explanation="the engine failed")

    (notice,) = told(held, OperationFailed(operation="op", error="the engine failed"))

    assert notice.happened is Happened.OPERATION_FAILED


def test_a_recovery_is_told_when_it_is_done() -> None:
    story = Story().deploy(1, 0).deploy(2, 30).ring(31).roll_back(2, 1, 32).verify(36, helped=False).recover(2, 37)

    recovered = notices(story.entries)[-1]

    assert (recovered.happened, recovered.target, recovered.reason) == (
        Happened.RECOVERED,
        2,
        "ROLLBACK_DID_NOT_HELP",
    )


@pytest.mark.parametrize(
    ("kind", "approved", "happened", "headline"),
    [
        (
            "rollback",
            True,
            Happened.APPROVED,
            "The rollback of version 2 of shop/prod to version 1 was approved.",
        ),
        (
            "rollback",
            False,
            Happened.DENIED,
            "The rollback of version 2 of shop/prod to version 1 was denied: nothing is changed.",
        ),
        ("recovery", False, Happened.DENIED, "The recovery of version 2 of shop/prod was denied: nothing is changed."),
    ],
)
def test_an_answer_is_told_with_what_was_asked_and_why(
    kind: Literal["rollback", "recovery"], approved: bool, happened: Happened, headline: str
) -> None:
    story = Story().deploy(1, 0).deploy(2, 30).ring(31).ask(2, 1, 32, kind=kind).answer(33, approved=approved)

    _, answered = notices(story.entries)

    assert (answered.happened, answered.headline) == (happened, headline)
    assert (answered.version, answered.target, answered.alarms) == (2, 1, ("errors",))
    assert (answered.actor, answered.why) == ("me@here:1", "because I say so")
    again = "rollback undo --stack prod" if kind == "rollback" else "rollback recover --stack prod"
    assert (again in answered.what_next) is not approved


def test_an_answer_to_a_question_that_the_journal_does_not_hold_is_not_told() -> None:
    assert notices(Story().deploy(1, 0).answer(1, approved=True).entries) == []


def test_a_freeze_is_told_when_it_begins_and_when_somebody_ends_it() -> None:
    frozen, until, ended = notices(Story().freeze(0).freeze(1, until=60).unfreeze(2).entries)

    assert [notice.happened for notice in (frozen, until, ended)] == [
        Happened.FROZEN,
        Happened.FROZEN,
        Happened.UNFROZEN,
    ]
    assert frozen.headline == "shop/prod is frozen until somebody ends it."
    assert until.headline == "shop/prod is frozen until 2026-03-02 13:00 UTC."
    assert (until.actor, until.why) == ("me@here:1", "the fair")
    assert "rollback unfreeze --stack prod" in until.what_next
    assert "why" not in ended.facts()


def test_deploys_alarms_and_releases_are_not_told() -> None:
    assert notices(Story().deploy(1, 0).ring(1).clear(2).entries) == []
    assert told(Released(version=2)) == []


def test_facts_are_json_without_what_is_not_there() -> None:
    (held,) = told(Held(version=2, reason=ReasonCode.NO_HEALTHY_VERSION, explanation=""))

    facts = json.loads(json.dumps(held.facts()))
    assert facts["happened"] == "held"
    assert "target" not in facts
    assert "alarms" not in facts
