"""Gives the resources of three recordings of a stack common names, where one of them renamed some."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rollback_plugin.journal.options import ConflictPolicy
from rollback_plugin.replay.goal import renamed
from rollback_plugin.replay.property_values import RESOURCE_REFERENCE, Value, signature
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.replay.three_way import choose

Recording = Sequence[RecordedResource]


@dataclass(frozen=True, slots=True)
class CommonNames:
    """The recordings under the URNs that the merge ends with."""

    base: tuple[RecordedResource, ...]
    version: tuple[RecordedResource, ...]
    current: tuple[RecordedResource, ...]
    renamed_apart: tuple[str, ...]
    """URNs of what both sides renamed, each to another name."""
    clashing: tuple[str, ...]
    """URNs that two different resources would have."""


def under_common_names(base: Recording, version: Recording, current: Recording, policy: ConflictPolicy) -> CommonNames:
    """Rename what either side renamed, in all three. A rename is recognised as a replay does: by type and id."""
    of_version, of_current = dict(renamed(version, base)), dict(renamed(current, base))
    known = {resource.urn for resource in base}
    made_since = [r for r in version if r.urn not in known and r.urn not in of_version]
    of_version |= renamed(made_since, [r for r in current if r.urn not in known and r.urn not in of_current])
    # What a resource is called by: its URN in the base, else in the current state, else in the version.
    named_by_version = {of_version.get(resource.urn, resource.urn): resource.urn for resource in version}
    named_by_current = {of_current.get(resource.urn, resource.urn): resource.urn for resource in current}
    final: dict[str, str] = {}
    apart: list[str] = []
    for called in {**{urn: urn for urn in known}, **named_by_version, **named_by_current}:
        theirs, ours = named_by_version.get(called, called), named_by_current.get(called, called)
        final[called], conflict = choose(called, theirs, ours, policy, str)
        if conflict:
            apart.append(final[called])
    shared = Counter(final.values())
    return CommonNames(
        _with_urns(base, final),
        _with_urns(version, {urn: final[called] for called, urn in named_by_version.items()}),
        _with_urns(current, {urn: final[called] for called, urn in named_by_current.items()}),
        tuple(apart),
        tuple(urn for urn, resources in shared.items() if resources > 1),
    )


def _with_urns(resources: Recording, urns: Mapping[str, str]) -> tuple[RecordedResource, ...]:
    if all(urn == now for urn, now in urns.items()):
        return tuple(resources)
    return tuple(_with_urns_of(resource, urns) for resource in resources)


def _with_urns_of(resource: RecordedResource, urns: Mapping[str, str]) -> RecordedResource:
    def now(urn: str) -> str:
        return urns.get(urn, urn)

    def each(mentioned: Sequence[str]) -> tuple[str, ...]:
        return tuple(now(urn) for urn in mentioned)

    provider, separator, identity = resource.provider.rpartition("::")
    return replace(
        resource,
        urn=now(resource.urn),
        parent=now(resource.parent),
        provider=f"{now(provider)}{separator}{identity}",
        inputs={key: _referring(value, urns) for key, value in resource.inputs.items()},
        outputs={key: _referring(value, urns) for key, value in resource.outputs.items()},
        dependencies=each(resource.dependencies),
        property_dependencies={key: each(mentioned) for key, mentioned in resource.property_dependencies.items()},
        deleted_with=now(resource.deleted_with),
        replace_with=each(resource.replace_with),
    )


def _referring(value: Value, urns: Mapping[str, str]) -> Value:
    if signature(value) == RESOURCE_REFERENCE:
        return {**value, "urn": urns.get(value.get("urn"), value.get("urn"))}
    if isinstance(value, dict):
        return {key: _referring(item, urns) for key, item in value.items()}
    if isinstance(value, list):
        return [_referring(item, urns) for item in value]
    return value
