"""One value merged three ways: what either side changed is there, what both changed differently is a conflict."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.journal.options import ConflictPolicy
from rollback_plugin.replay.property_values import ARCHIVE, ASSET, RESOURCE_REFERENCE, SIGNATURE, secret
from rollback_plugin.replay.three_way import ABSENT, merge_values, same

POLICIES = st.sampled_from(ConflictPolicy)
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)


def asset(digest: str, path: str, kind: str = ASSET) -> dict[str, Any]:
    return {SIGNATURE: kind, "hash": digest, "path": path}


def reference(urn: str, identity: str) -> dict[str, Any]:
    return {SIGNATURE: RESOURCE_REFERENCE, "urn": urn, "id": identity}


@pytest.mark.parametrize(
    ("rule", "base", "version", "current", "merged"),
    [
        ("nobody changed it", 1, 1, 1, 1),
        ("the version changed it", 1, 2, 1, 2),
        ("it was changed since", 1, 1, 2, 2),
        ("both changed it the same way", 1, 2, 2, 2),
        ("maps by key", {"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 9}, {"a": 2, "b": 9}),
        ("maps within maps", {"m": {"a": 1, "b": 1}}, {"m": {"a": 2, "b": 1}}, {"m": {"a": 1}}, {"m": {"a": 2}}),
        ("the version added a key", {}, {"a": 1}, {}, {"a": 1}),
        ("the version removed a key", {"a": 1}, {}, {"a": 1}, {}),
        ("both removed a key", {"a": 1, "b": 1}, {"b": 1}, {"b": 1}, {"b": 1}),
        ("a key turned null is not a key removed", {"a": 1}, {"a": None}, {"a": 1}, {"a": None}),
        ("lists as a whole", [1, 2], [1, 2, 3], [1, 2], [1, 2, 3]),
        ("both have it anew, alike", ABSENT, {"a": 1}, {"a": 1}, {"a": 1}),
        ("a mark alone changes no value", 1, secret(1), 2, secret(2)),
        ("a mark on either side is kept", 1, 2, secret(1), secret(2)),
        ("a mark both sides lifted is gone", secret(1), 2, 2, 2),
        ("secret maps by key", secret({"a": 1, "b": 1}), secret({"a": 2, "b": 1}), secret({"a": 1, "b": 9}),
         secret({"a": 2, "b": 9})),
        ("an asset is its bytes", asset("x", "old"), asset("x", "new"), asset("y", "old"), asset("y", "old")),
        ("an asset is its kind", asset("x", "p"), asset("x", "p", ARCHIVE), asset("x", "p"), asset("x", "p", ARCHIVE)),
        ("a reference is its resource", reference("u", "1"), reference("u", "2"), reference("v", "1"),
         reference("v", "1")),
        ("true is not 1", 1, True, 1, True),
    ],
)  # fmt: skip
def test_merged_without_a_conflict(rule: str, base: object, version: object, current: object, merged: object) -> None:
    found = merge_values(base, version, current, ConflictPolicy.REFUSE)

    assert (repr(found.value), found.conflicts) == (repr(merged), ()), rule


@pytest.mark.parametrize(
    ("rule", "base", "version", "current", "path"),
    [
        ("both changed it", 1, 2, 3, ()),
        ("both changed a key", {"m": {"a": 1}}, {"m": {"a": 2}}, {"m": {"a": 3}}, ("m", "a")),
        ("one removed what the other changed", {"a": 1}, {}, {"a": 2}, ("a",)),
        ("both have it anew, unlike", {}, {"a": 1}, {"a": 2}, ("a",)),
        ("both changed a list", [1], [1, 2], [1, 3], ()),
        ("one made a map of it, the other another value", 1, {"a": 1}, 2, ()),
    ],
)
def test_a_conflict_is_named_and_settled_by_the_side_preferred(
    rule: str, base: Any, version: Any, current: Any, path: tuple[str, ...]
) -> None:
    for policy, wanted in ((ConflictPolicy.VERSION, version), (ConflictPolicy.CURRENT, current)):
        found = merge_values(base, version, current, policy)
        assert (found.value, found.conflicts) == (wanted, (path,)), rule


def test_values_stay_out_of_what_is_printed() -> None:
    assert "hush" not in repr(merge_values("a", "hush", "hush too", ConflictPolicy.REFUSE))


@given(VALUES, VALUES, POLICIES)
def test_what_only_one_side_changed_is_the_result(one: object, other: object, policy: ConflictPolicy) -> None:
    for found, wanted in (
        (merge_values(one, other, one, policy), other),
        (merge_values(one, one, other, policy), other),
        (merge_values(one, other, other, policy), other),
    ):
        assert same(found.value, wanted)
        assert found.conflicts == ()


@given(VALUES, VALUES, VALUES, st.sampled_from([ConflictPolicy.VERSION, ConflictPolicy.CURRENT]))
def test_merging_into_the_result_changes_nothing(
    base: object, version: object, current: object, policy: ConflictPolicy
) -> None:
    once = merge_values(base, version, current, policy)

    again = merge_values(base, version, once.value, policy)

    assert same(again.value, once.value)
