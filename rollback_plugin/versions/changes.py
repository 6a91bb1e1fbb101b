"""As people read it: what one version changed against another.

Property values are those the program gave (a resource's inputs), and the outputs of the stack itself. A secret's value
is never told, only that it is another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.checkpoint import Checkpoint, Resource
from rollback_plugin.versions.properties import SECRET_SIGNATURE, PropertyPath, path_text, signature
from rollback_plugin.versions.urn import ROOT_STACK_TYPE
from rollback_plugin.versions.version import ConfigValue, Source, Version

SECRET = "[secret]"  # noqa: S105 (a placeholder, not a secret)
"""Stands for a secret's value."""
_PROVIDERS_NOTES = frozenset({"__defaults", "__meta", "__internal"})
_OPTIONS = (
    "parent",
    "provider",
    "protect",
    "retain_on_delete",
    "deleted_with",
    "ignore_changes",
    "replace_on_changes",
    "custom_timeouts",
)


class ChangeKind(StrEnum):
    """What became of a resource."""

    MADE = "made"
    REMOVED = "removed"
    CHANGED = "changed"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value on both sides: JSON, `SECRET`, or None where a side has none."""

    path: str
    """`visibilityTimeoutSeconds`, `environment.variables.RELEASE`, `option protect`, `plugin aws`."""
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What became of one resource."""

    urn: str
    type: str
    kind: ChangeKind
    values: tuple[ValueChange, ...]
    """Of a resource that is there on both sides."""


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """What differs between two versions of a stack."""

    before: int
    after: int
    source_before: Source | None
    source_after: Source | None
    config: tuple[ValueChange, ...]
    plugins: tuple[ValueChange, ...]
    outputs: tuple[ValueChange, ...]
    """The stack's outputs."""
    resources: tuple[ResourceChange, ...]
    """In the order of their registration; those that are gone come last."""

    @property
    def nothing(self) -> bool:
        """Whether both are the same, but for where the program came from."""
        return not (self.config or self.plugins or self.outputs or self.resources)


def changes(before: tuple[Version, Checkpoint], after: tuple[Version, Checkpoint]) -> VersionChanges:
    """What the version `after` changed against `before`.

    The checkpoints' secrets are in plain text: ciphertext is another after each update.
    """
    (older, state_before), (newer, state_after) = before, after
    return VersionChanges(
        before=older.number,
        after=newer.number,
        source_before=older.source,
        source_after=newer.source,
        config=tuple(_config(older.config, newer.config)),
        plugins=tuple(_values(dict(older.plugins), dict(newer.plugins))),
        outputs=tuple(_values(_stack_outputs(state_before), _stack_outputs(state_after))),
        resources=tuple(_resources(state_before.by_urn, state_after.by_urn)),
    )


def _resources(before: Mapping[str, Resource], after: Mapping[str, Resource]) -> Iterator[ResourceChange]:
    for urn, resource in after.items():
        older = before.get(urn)
        if older is None:
            yield ResourceChange(urn, resource.type, ChangeKind.MADE, ())
            continue
        values = tuple(_of_resource(older, resource))
        if older.custom and older.id != resource.id:
            yield ResourceChange(urn, resource.type, ChangeKind.REPLACED, values)
        elif values:
            yield ResourceChange(urn, resource.type, ChangeKind.CHANGED, values)
    for urn, resource in before.items():
        if urn not in after:
            yield ResourceChange(urn, resource.type, ChangeKind.REMOVED, ())


def _of_resource(before: Resource, after: Resource) -> Iterator[ValueChange]:
    yield from _values(before.inputs or {}, after.inputs or {})
    for option in _OPTIONS:
        one, other = getattr(before, option), getattr(after, option)
        if (one or None) != (other or None):
            yield ValueChange(f"option {option}", one or None, other or None)


def _values(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ValueChange]:
    for key in sorted(before.keys() | after.keys()):
        yield from _value((key,), before.get(key), after.get(key))


def _value(path: PropertyPath, before: Any, after: Any) -> Iterator[ValueChange]:
    if path[-1] in _PROVIDERS_NOTES or _alike(before, after):
        return
    if _is_plain_map(before) and _is_plain_map(after):
        for key in sorted(before.keys() | after.keys()):
            yield from _value((*path, key), before.get(key), after.get(key))
        return
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _value((*path, index), one, other)
        return
    yield ValueChange(path_text(path), _told(before), _told(after))


def _alike(before: Any, after: Any) -> bool:
    """To Python's `==`, `true`, `1` and `1.0` are one; to JSON they aren't."""
    return canonical_json(before) == canonical_json(after)


def _is_plain_map(value: Any) -> bool:
    return isinstance(value, Mapping) and signature(value) is None


def _told(value: Any) -> Any:
    """The value without the secrets inside it, and without what the provider noted beside it."""
    if signature(value) == SECRET_SIGNATURE:
        return SECRET
    if isinstance(value, Mapping):
        return {key: _told(inner) for key, inner in value.items() if key not in _PROVIDERS_NOTES}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_told(inner) for inner in value]
    return value


def _config(before: Mapping[str, ConfigValue], after: Mapping[str, ConfigValue]) -> Iterator[ValueChange]:
    def told(value: ConfigValue | None) -> str | None:
        return None if value is None else SECRET if value.secret else value.value

    for key in sorted(before.keys() | after.keys()):
        one, other = before.get(key), after.get(key)
        if one != other:
            yield ValueChange(key, told(one), told(other))


def _stack_outputs(checkpoint: Checkpoint) -> Mapping[str, Any]:
    for resource in checkpoint.by_urn.values():
        if resource.type == ROOT_STACK_TYPE:
            return resource.outputs or {}
    return {}
