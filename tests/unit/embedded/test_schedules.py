"""Rules with a rate fire in the clock that they are given."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from moto.events.models import EventsBackend, Rule, events_backends

from rollback_plugin.embedded.moto_server import schedules
from rollback_plugin.embedded.moto_server.schedules import Schedules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Fired(Schedules):
    """An account of its own, whose events are kept instead of delivered."""

    def __init__(self, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOON
        self.backend: EventsBackend = events_backends[account]["us-east-1"]
        self.events: list[tuple[str, Any]] = []
        super().__init__(account, lambda: self.now)
        monkeypatch.setattr(
            Rule, "send_to_targets", lambda rule, event, transform_input=True: self.events.append((rule.name, event))
        )

    def rule(self, name: str, rate: str, state: str = "ENABLED") -> None:
        self.backend.put_rule(name=name, scheduled_expression=rate, state=state)

    def after(self, minutes: float) -> list[str]:
        """The rules that fire in that time, looked at every ten seconds."""
        self.events.clear()
        end = self.now + timedelta(minutes=minutes)
        while self.now < end:
            self.now += timedelta(seconds=10)
            self.fire_due()
        return [name for name, _ in self.events]


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> Fired:
    return Fired(str(uuid4().int)[:12], monkeypatch)


def test_a_rate_counts_from_when_the_rule_was_made(fired: Fired) -> None:
    fired.rule("ticks", "rate(1 minute)")
    fired.fire_due()

    assert fired.after(0.5) == []
    assert fired.after(0.5) == ["ticks"]
    assert fired.after(5) == ["ticks"] * 5


def test_the_event_names_its_rule_and_no_two_are_alike(fired: Fired) -> None:
    fired.rule("ticks", "rate(1 minute)")
    fired.fire_due()
    fired.after(2)

    first, second = (event for _, event in fired.events)
    assert (first["source"], first["detail-type"], first["detail"]) == ("aws.events", "Scheduled Event", {})
    assert first["resources"][0].endswith(":rule/ticks")
    assert first["id"] != second["id"]


@pytest.mark.parametrize("expression", ["cron(0 12 * * ? *)", "rate(2 hours)"])
def test_what_is_not_due_or_not_imitated_does_not_fire(fired: Fired, expression: str) -> None:
    fired.rule("later", expression)
    fired.fire_due()

    assert fired.after(90) == []


def test_a_disabled_rule_does_not_fire(fired: Fired) -> None:
    fired.rule("ticks", "rate(1 minute)", "DISABLED")
    fired.fire_due()

    assert fired.after(3) == []


def test_a_rule_with_a_schedule_alone_gets_no_other_events(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[str] = []
    monkeypatch.setattr(Rule, "send_to_targets", lambda rule, event, transform_input=True: got.append(event["source"]))
    schedules.install()
    backend: EventsBackend = events_backends["210987654321"]["us-east-1"]
    rule = backend.put_rule(name="ticks", scheduled_expression="rate(1 minute)")
    both = backend.put_rule(
        name="both", scheduled_expression="rate(1 minute)", event_pattern=json.dumps({"source": ["aws.s3"]})
    )

    for source in ("aws.s3", "aws.events"):
        event: Any = {"source": source}
        rule.send_to_targets(event)
        both.send_to_targets(event)

    assert got == ["aws.s3", "aws.events", "aws.events"]
