"""Merges one property value three ways: as it was, as the version recovered has it, as the current state has it.

Maps are merged by key; everything else, lists included, as a whole. A value is what it says: that it is marked as
secret, under which path an asset's bytes lay, or which id a referenced resource has, makes no difference between two
values. What either side marks as secret stays secret.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from rollback_plugin.journal.options import ConflictPolicy
from rollback_plugin.replay.property_values import (
    ARCHIVE,
    ASSET,
    RESOURCE_REFERENCE,
    SECRET,
    PropertyPath,
    Value,
    secret,
    signature,
    unwrapped,
)

T = TypeVar("T")


class Absent(Enum):
    """Stands for a property that isn't there; `None` is a value of its own."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged value, and the paths of what both sides changed differently."""

    value: Value = field(repr=False)
    conflicts: tuple[PropertyPath, ...] = ()


def same(one: Value, other: Value) -> bool:
    """Whether two values say the same."""
    return _comparable(one) == _comparable(other)


def choose(base: T, version: T, current: T, policy: ConflictPolicy, key: Callable[[T], object]) -> tuple[T, bool]:
    """The one of three that the merge ends with, and whether both sides changed it differently.

    Where nothing or the same was changed, that is the version's.
    """
    if key(current) == key(base) or key(current) == key(version):
        return version, False
    if key(version) == key(base):
        return current, False
    return (current if policy is ConflictPolicy.CURRENT else version), True


def merge_values(
    base: Value, version: Value, current: Value, policy: ConflictPolicy, path: PropertyPath = ()
) -> Merged:
    """Merge the three; `ABSENT` stands for a side without the value, and may be the result.

    The result holds the preferred side's value at a conflict, the version's where there is no preference.
    """
    contents = [_content(value) for value in (base, version, current)]
    if not (_is_map(contents[1]) and _is_map(contents[2]) and (contents[0] is ABSENT or _is_map(contents[0]))):
        value, conflict = choose(base, version, current, policy, _comparable)
        return Merged(_as_secret_as(base, version, current, value), (path,) if conflict else ())
    before, theirs, ours = ({} if content is ABSENT else content for content in contents)
    merged = {}
    conflicts: list[PropertyPath] = []
    for key in dict.fromkeys([*theirs, *ours]):
        part = merge_values(
            before.get(key, ABSENT), theirs.get(key, ABSENT), ours.get(key, ABSENT), policy, (*path, key)
        )
        conflicts.extend(part.conflicts)
        if part.value is not ABSENT:
            merged[key] = part.value
    marked, _ = choose(_is_secret(base), _is_secret(version), _is_secret(current), policy, bool)
    return Merged(secret(merged) if marked else merged, tuple(conflicts))


def _as_secret_as(base: Value, version: Value, current: Value, chosen: Value) -> Value:
    """The chosen value, as a whole secret where only the other side made (a part of) it one."""
    other = version if chosen is current else current
    if chosen is ABSENT or _holds_secret(chosen) or _holds_secret(base) or not _holds_secret(other):
        return chosen
    return secret(chosen)


def _content(value: Value) -> Value:
    """The value without the secret marks around it."""
    while _is_secret(value):
        value = value["value"]
    return value


def _is_secret(value: Value) -> bool:
    return signature(value) == SECRET


def _is_map(value: Value) -> bool:
    return isinstance(value, dict) and signature(value) is None


def _holds_secret(value: Value) -> bool:
    if _is_secret(value):
        return True
    if isinstance(value, dict):
        return any(_holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secret(item) for item in value)


def _comparable(value: Value) -> Hashable:
    """What a value says, so that equal things are equal and true is not 1."""
    if value is ABSENT:
        return value
    return _said(unwrapped(value))


def _said(value: Value) -> Hashable:
    kind = signature(value)
    if kind in (ASSET, ARCHIVE) and value.get("hash"):
        return kind, value["hash"]
    if kind == RESOURCE_REFERENCE:
        return kind, value.get("urn")
    if isinstance(value, Mapping):
        return "map", frozenset((key, _said(item)) for key, item in value.items())
    if isinstance(value, list):
        return "list", tuple(_said(item) for item in value)
    return isinstance(value, bool), value
