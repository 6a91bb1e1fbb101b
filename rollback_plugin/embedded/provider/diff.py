"""Diff: what changed between the state AWS was last seen in and the inputs wanted now, and whether that replaces.

Copies what the bridge shows of Terraform's planning (pulumi/pulumi-terraform-bridge, pkg/tfbridge/provider.go Diff, and
hashicorp/terraform-plugin-sdk, helper/schema/schema.go): new inputs are compared with the recorded *state*, so drift
found by a refresh is a change; a property the program leaves out is removed unless AWS computes it; an unknown input
is a change.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from .description import Kind, Property, ResourceType
from .values import DEFAULTS_KEY, UNKNOWN, Archive, Asset, Properties, PropertyValue, without_internal_keys


class DifferenceKind(Enum):
    ADD = "add"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Difference:
    """One differing property path (`environment.variables.LEVEL`, `layers[0]`), and whether it needs a new resource."""

    path: str
    kind: DifferenceKind
    replaces: bool

    @property
    def top(self) -> str:
        return self.path.split(".", 1)[0].split("[", 1)[0]


@dataclass(frozen=True)
class Comparison:
    """All differences between a state and inputs, and how a replacement must go about it."""

    differences: tuple[Difference, ...]
    delete_before_replace: bool
    stables: tuple[str, ...]

    @property
    def changed(self) -> frozenset[str]:
        return frozenset(each.top for each in self.differences)

    @property
    def replaces(self) -> tuple[str, ...]:
        return tuple(sorted({each.top for each in self.differences if each.replaces}))


def compare(resource: ResourceType, state: Properties, inputs: Properties, ignored: Sequence[str] = ()) -> Comparison:
    """How `inputs` differ from `state`; paths in `ignored` (the engine's ignoreChanges) and below are left out."""
    found = [
        difference
        for each in resource.inputs
        for difference in _property_differences(each, state.get(each.name), inputs.get(each.name))
        if not _is_ignored(difference.path, ignored)
    ]
    replaced = {each.top for each in found if each.replaces}
    return Comparison(
        differences=tuple(found),
        delete_before_replace=bool(replaced) and (resource.delete_before_replace or _has_chosen_name(resource, inputs)),
        stables=tuple(sorted(each.name for each in resource.inputs if each.replaces and each.name not in replaced)),
    )


def _has_chosen_name(resource: ResourceType, inputs: Properties) -> bool:
    """The bridge's nameRequiresDeleteBeforeReplace (pkg/tfbridge/schema.go): two can't have one chosen name at once."""
    defaults = inputs.get(DEFAULTS_KEY)
    if not isinstance(defaults, list):
        return False
    return any(
        each.name in inputs and each.name not in defaults
        for each in resource.inputs
        if each.autoname is not None and each.autoname.random_length
    )


def _is_ignored(path: str, ignored: Iterable[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in ignored)


def _property_differences(described: Property, old: PropertyValue, new: PropertyValue) -> Iterator[Difference]:
    yield from _differences(described, old, without_internal_keys(new), described.name, described.replaces)


def differs(described: Property, old: PropertyValue, new: PropertyValue) -> bool:
    """Whether `new` wants anything else than `old` is."""
    return any(_differences(described, old, new, described.name, False))


def _differences(
    described: Property, old: PropertyValue, new: PropertyValue, path: str, replaces: bool
) -> Iterator[Difference]:
    if new is None:
        if not described.computed and not _is_empty(old):
            yield Difference(path, DifferenceKind.DELETE, replaces)
        return
    if new is UNKNOWN:
        yield Difference(path, DifferenceKind.ADD if old is None else DifferenceKind.UPDATE, replaces)
        return
    if old is None:
        if not _is_empty(new) or described.kind in (Kind.BOOLEAN, Kind.INTEGER, Kind.NUMBER):
            yield Difference(path, DifferenceKind.ADD, replaces)
        return
    yield from _between_values(described, old, new, path, replaces)


def _between_values(
    described: Property, old: PropertyValue, new: PropertyValue, path: str, replaces: bool
) -> Iterator[Difference]:
    element = described.element or Property("")
    match described.kind:
        case Kind.OBJECT if isinstance(old, dict) and isinstance(new, dict):
            for each in described.fields:
                if not each.output:
                    yield from _differences(
                        each, old.get(each.name), new.get(each.name), f"{path}.{each.name}", replaces or each.replaces
                    )
        case Kind.MAP if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted(old.keys() | new.keys()):
                yield from _differences(element, old.get(key), new.get(key), f"{path}.{key}", replaces)
        case Kind.LIST if isinstance(old, list) and isinstance(new, list):
            for index in range(max(len(old), len(new))):
                yield from _differences(element, _at(old, index), _at(new, index), f"{path}[{index}]", replaces)
        case Kind.SET if isinstance(old, list) and isinstance(new, list):
            yield from _between_sets(element, old, new, path, replaces)
        case _:
            if not same(described, old, new):
                yield Difference(path, DifferenceKind.UPDATE, replaces)


def _between_sets(
    element: Property, old: list[PropertyValue], new: list[PropertyValue], path: str, replaces: bool
) -> Iterator[Difference]:
    gone = list(range(len(old)))
    for index, member in enumerate(new):
        match_ = next((at for at in gone if not any(_differences(element, old[at], member, "", False))), None)
        if match_ is None:
            yield Difference(f"{path}[{index}]", DifferenceKind.ADD, replaces)
        else:
            gone.remove(match_)
    for index in gone:
        yield Difference(f"{path}[{index}]", DifferenceKind.DELETE, replaces)


def _at(values: list[PropertyValue], index: int) -> PropertyValue:
    return values[index] if index < len(values) else None


def same(described: Property, old: PropertyValue, new: PropertyValue) -> bool:
    """Whether two known values of a property mean the same; assets and archives by the engine's hash of their bytes."""
    if described.equivalent is not None and described.equivalent(old, new):
        return True
    match old, new:
        case (Asset() | Archive(), Asset() | Archive()):
            return type(old) is type(new) and bool(old.hash) and old.hash == new.hash
    if described.kind is Kind.JSON and isinstance(old, str) and isinstance(new, str):
        parsed = _json_or_none(old)
        return old == new or (parsed is not None and parsed == _json_or_none(new))
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def _json_or_none(document: str) -> object:
    try:
        parsed: object = json.loads(document)
    except json.JSONDecodeError:
        return None
    return parsed


def _is_empty(value: PropertyValue) -> bool:
    """Whether Terraform takes `value` for the same as none: zero values, and blocks of nothing else."""
    if isinstance(value, dict):
        return all(_is_empty(member) for member in value.values())
    return value is None or value is False or value in ("", 0) or value == []
