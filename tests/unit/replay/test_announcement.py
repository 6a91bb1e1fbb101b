"""What an update announces: all that it changes, where there is much of it and nothing is made or deleted."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from rollback_plugin.replay.announcement import FEWEST, announcing, to_announce
from rollback_plugin.replay.plan import Action, Plan, Step
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.replay.resources import TOPIC, urn

MANY = [f"topic-{number}" for number in range(FEWEST)]


def state(names: Sequence[str], **latest: Any) -> bytes:
    resources = [{"urn": urn(TOPIC, name), "type": TOPIC, "custom": True, "id": name} for name in names]
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources, **latest}}}).encode()


def plan(*steps: tuple[Action, str]) -> Plan:
    return Plan(tuple(Step(urn(TOPIC, name), TOPIC, action) for action, name in steps), (), ())


def updates(names: Sequence[str]) -> list[tuple[Action, str]]:
    return [(Action.UPDATE, name) for name in names]


def announced(steps: Sequence[tuple[Action, str]], present: bytes) -> frozenset[str]:
    return to_announce(plan(*steps), Checkpoint.parse(present))


def test_many_updates_are_announced_beside_what_is_left_alone() -> None:
    present = state([*MANY, "same", "kept", "unmentioned"])

    found = announced([*updates(MANY), (Action.SAME, "same"), (Action.KEEP, "kept")], present)

    assert found == {urn(TOPIC, name) for name in MANY}


def test_a_few_are_left_to_the_engine() -> None:
    assert announced(updates(MANY[1:]), state(MANY)) == frozenset()


@pytest.mark.parametrize("action", [Action.CREATE, Action.REPLACE, Action.DELETE])
def test_nothing_is_announced_where_anything_is_made_or_deleted(action: Action) -> None:
    assert announced([*updates(MANY), (action, "other")], state([*MANY, "other"])) == frozenset()


def test_nothing_is_announced_that_the_state_does_not_have() -> None:
    assert announced([*updates(MANY), (Action.UPDATE, "other")], state(MANY)) == frozenset()


@pytest.mark.parametrize("left_over", [{"delete": True}, {"pendingReplacement": True}])
def test_nothing_is_announced_where_the_engine_has_left_overs_to_clear_up(left_over: dict[str, bool]) -> None:
    document = json.loads(state([*MANY, "left"]))
    document["checkpoint"]["latest"]["resources"][-1].update(left_over)

    assert announced(updates(MANY), json.dumps(document).encode()) == frozenset()


def test_nothing_is_announced_over_what_an_interrupted_update_was_doing() -> None:
    resource = {"urn": urn(TOPIC, "half"), "type": TOPIC, "custom": True}
    present = state(MANY, pending_operations=[{"type": "creating", "resource": resource}])

    assert announced(updates(MANY), present) == frozenset()


def test_what_is_announced_is_pending_and_all_else_stays_as_it_is() -> None:
    present = state(["one", "two", "three"], manifest={"time": "2026-01-01T00:00:00Z", "magic": "a"}, metadata={})

    told = json.loads(announcing(present, {urn(TOPIC, "one"), urn(TOPIC, "three")}))

    pending = told["checkpoint"]["latest"].pop("pending_operations")
    assert [(each["type"], each["resource"]["id"]) for each in pending] == [("updating", "one"), ("updating", "three")]
    assert told == json.loads(present)
