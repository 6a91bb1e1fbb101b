"""What a replay registers: the target's resources, and those of the current state that are kept although the target
lacks them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rollback_plugin.journal.options import DataPolicy
from rollback_plugin.replay.data_types import HoldsData, holds_data
from rollback_plugin.replay.recorded import RecordedResource


@dataclass(frozen=True, slots=True)
class Registration:
    """One resource to be registered."""

    resource: RecordedResource
    aliases: tuple[str, ...] = ()
    """URNs under which the current state has this very resource."""
    kept: bool = False
    """Whether only the current state has it."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Everything to be registered. What the current state has besides goes."""

    registrations: tuple[Registration, ...]
    dropped: tuple[RecordedResource, ...]
    """Resources of the current state that will be deleted, or merely forgotten where they say `retainOnDelete`."""

    @property
    def by_urn(self) -> Mapping[str, Registration]:
        return {registration.resource.urn: registration for registration in self.registrations}


def goal_of(
    target: Sequence[RecordedResource],
    current: Sequence[RecordedResource],
    data: DataPolicy,
    holds_data: HoldsData = holds_data,
) -> Goal:
    """Work out what to register so that the stack becomes `target` under the policy."""
    aliases = renamed(target, current)
    wanted = {resource.urn for resource in target}
    surplus = [r for r in current if r.urn not in wanted and r.urn not in aliases.values()]
    kept = _kept(surplus, data, holds_data)
    registered = wanted | {resource.urn for resource in kept}
    registrations = [
        *(Registration(r, aliases=(aliases[r.urn],) if r.urn in aliases else ()) for r in target),
        *(Registration(_without_links_to_dropped(r, registered), kept=True) for r in kept),
    ]
    return Goal(tuple(registrations), tuple(r for r in surplus if r.urn not in registered))


def renamed(target: Sequence[RecordedResource], current: Sequence[RecordedResource]) -> Mapping[str, str]:
    """Target URN → current URN of the same resource: type and id give it away, or else an alias that the program
    declared."""
    target_urns = {resource.urn for resource in target}
    current_urns = {resource.urn for resource in current}
    elsewhere: dict[tuple[str, str], str] = {
        (resource.type, resource.id): resource.urn
        for resource in current
        if resource.custom and not resource.external and resource.id and resource.urn not in target_urns
    }
    by_id = {
        resource.urn: elsewhere[resource.type, resource.id]
        for resource in target
        if resource.custom
        and not resource.external
        and resource.urn not in current_urns
        and (resource.type, resource.id) in elsewhere
    }
    free = current_urns - target_urns - set(by_id.values())
    by_alias: dict[str, str] = {}
    for resource in target:
        if resource.urn not in current_urns and resource.urn not in by_id and not resource.external:
            alias = next((urn for urn in resource.declared_aliases if urn in free), None)
            if alias is not None:
                by_alias[resource.urn] = alias
                free.remove(alias)
    return {**by_id, **by_alias}


def _kept(surplus: Sequence[RecordedResource], data: DataPolicy, holds_data: HoldsData) -> list[RecordedResource]:
    """Surplus resources that stay, with the parents and providers without which they can't be registered."""
    if data is DataPolicy.FOLLOW:
        return []
    by_urn = {resource.urn: resource for resource in surplus}
    kept: set[str] = set()

    def keep(urn: str) -> None:
        if urn in by_urn and urn not in kept:
            kept.add(urn)
            for needed in _inseparable(by_urn[urn]):
                keep(needed)

    for resource in surplus:
        if resource.protect or (resource.custom and not resource.external and holds_data(resource.type)):
            keep(resource.urn)
    return [resource for resource in surplus if resource.urn in kept]


def _inseparable(resource: RecordedResource) -> Iterator[str]:
    yield resource.parent
    yield resource.provider_urn


def _without_links_to_dropped(resource: RecordedResource, registered: set[str]) -> RecordedResource:
    """A kept resource's inputs stay what they are; that they once came from a resource that goes is forgotten."""

    def present(urns: Sequence[str]) -> tuple[str, ...]:
        return tuple(urn for urn in urns if urn in registered)

    return replace(
        resource,
        dependencies=present(resource.dependencies),
        property_dependencies={key: present(urns) for key, urns in resource.property_dependencies.items()},
        deleted_with=resource.deleted_with if resource.deleted_with in registered else "",
        replace_with=present(resource.replace_with),
    )
