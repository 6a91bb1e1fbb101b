"""What one version changed against another, as people read it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rollback_plugin.stack import StackName
from rollback_plugin.versions.changes import ChangeKind, ResourceChange, ValueChange, VersionChanges, changes
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import ConfigValue, Version
from tests.unit.versions.examples import FILE, SECRET, checkpoint, resource

TIME = datetime(2026, 1, 1, tzinfo=UTC)
OTHER_SECRET = {**SECRET, "ciphertext": "v1:other"}
QUEUE = "aws:sqs/queue:Queue"


def version(number: int, state: Checkpoint, **known: Any) -> tuple[Version, Checkpoint]:
    made = Version(
        number=number,
        stack=StackName("shop", "dev"),
        update=f"dev-{number}",
        started_at=TIME,
        finished_at=TIME,
        succeeded=True,
        checkpoint_digest=state.digest,
        **known,
    )
    return made, state


def between(before: dict[str, Any], after: dict[str, Any]) -> tuple[ResourceChange, ...]:
    """What is told of one resource."""
    states = (checkpoint(resource("jobs", **fields)) for fields in (before, after))
    return changes(*(version(number, state) for number, state in enumerate(states, 1))).resources


def test_resources_are_made_removed_changed_and_replaced() -> None:
    before = checkpoint(
        resource("same"), resource("gone"), resource("anew", id="1"), resource("changed", inputs={"size": 1})
    )
    after = checkpoint(
        resource("new"), resource("same"), resource("anew", id="2"), resource("changed", inputs={"size": 2})
    )

    found = changes(version(1, before), version(2, after)).resources

    assert [(change.urn.rsplit("::")[-1], change.kind) for change in found] == [
        ("new", ChangeKind.MADE),
        ("anew", ChangeKind.REPLACED),
        ("changed", ChangeKind.CHANGED),
        ("gone", ChangeKind.REMOVED),
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"n": 1}, {"n": 2}, [("n", 1, 2)]),
        ({"n": 1}, {"n": True}, [("n", 1, True)]),
        ({}, {"n": 1}, [("n", None, 1)]),
        ({"n": 1}, {}, [("n", 1, None)]),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 3, "d": 2}}}, [("a.b.c", 1, 3)]),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}, [("a[1].b", 2, 3)]),
        ({"a": [1]}, {"a": [1, 2]}, [("a", [1], [1, 2])]),
        ({"code": FILE}, {"code": {**FILE, "hash": "0" * 64}}, [("code", FILE, {**FILE, "hash": "0" * 64})]),
        ({"__defaults": ["a"], "a": {"__defaults": []}}, {"__defaults": [], "a": {"__defaults": ["b"]}}, []),
        ({"s": SECRET}, {"s": SECRET}, []),
        ({"s": SECRET}, {"s": OTHER_SECRET}, [("s", "[secret]", "[secret]")]),
        ({"s": SECRET}, {"s": "plain"}, [("s", "[secret]", "plain")]),
        ({"s": "plain"}, {"s": {"in": [OTHER_SECRET]}}, [("s", "plain", {"in": ["[secret]"]})]),
    ],
)
def test_values_are_told_by_their_path(
    before: dict[str, Any], after: dict[str, Any], told: list[tuple[str, Any, Any]]
) -> None:
    found = [value for change in between({"inputs": before}, {"inputs": after}) for value in change.values]

    assert found == [ValueChange(*each) for each in told]


def test_options_are_told_by_name() -> None:
    (change,) = between({"protect": False}, {"protect": True, "ignoreChanges": ["tags"]})

    assert change.values == (
        ValueChange("option protect", None, True),
        ValueChange("option ignore_changes", None, ["tags"]),
    )


def test_config_plugins_and_stack_outputs_are_told() -> None:
    root: dict[str, Any] = {"type_": "pulumi:pulumi:Stack", "custom": False}
    before = version(
        1,
        checkpoint(resource("root", **root, outputs={"url": "one"})),
        config={"shop:size": ConfigValue(value="1"), "shop:key": ConfigValue(value="v1:abc", secret=True)},
        plugins={"aws": "7.1.0"},
    )
    after = version(
        2,
        checkpoint(resource("root", **root, outputs={"url": "two"})),
        config={"shop:size": ConfigValue(value="2"), "shop:key": ConfigValue(value="v1:def", secret=True)},
        plugins={"aws": "7.2.0"},
    )

    found = changes(before, after)

    assert found.config == (
        ValueChange("shop:key", "[secret]", "[secret]"),
        ValueChange("shop:size", "1", "2"),
    )
    assert found.plugins == (ValueChange("aws", "7.1.0", "7.2.0"),)
    assert found.outputs == (ValueChange("url", "one", "two"),)
    assert "v1:" not in repr(found)


def test_a_version_changes_nothing_against_itself() -> None:
    state = checkpoint(resource("a", inputs={"s": SECRET}, outputs={"n": 1}))

    found: VersionChanges = changes(version(1, state), version(2, state))

    assert found.nothing
