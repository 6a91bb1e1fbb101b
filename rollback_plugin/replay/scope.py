"""How much of a goal the engine has to be told of: what differs from the stack's state, and what hangs on that.

An update with `--target` leaves everything else as the state has it, registered or not (pkg/resource/deploy/
step_generator.go, v3.259.0: `generateSteps`, `GenerateDeletes`). So a rollback takes as long as what it changes, and
not as long as the stack is large.

A target that isn't registered is deleted, and so would be what hangs on a target, if it weren't registered
(`determineAllowedResourcesToDeleteFromTargets`). So dependents are targets, too, of the goal's resources and of the
state's, however they hang on them. Where the state holds what this doesn't reason about, everything is registered, and
nothing is a target.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rollback_plugin.replay.goal import Goal, Registration
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.checkpoint import Checkpoint

LARGEST_SHARE = 0.5
"""Of the goal's resources that providers are asked about. Beyond that, looking for what hangs on each target takes the
engine longer than going through everything."""
WILDCARD = "*"
"""Would make a target of resources that nobody meant (`NewUrnTargets` in pkg/resource/deploy/deployment.go)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is registered, and what the update is confined to."""

    registered: frozenset[str]
    """URNs. What isn't among them is in the state as the goal wants it."""
    targets: tuple[str, ...] = ()
    """URNs; empty where the update isn't confined."""


def scope_of(goal: Goal, existing: Sequence[RecordedResource], state: Checkpoint) -> Scope:
    """Work out what to register.

    Args:
        existing: the resources of `state`.
        state: the stack's, as the engine will find it.
    """
    registrations = goal.by_urn
    everything = Scope(frozenset(registrations))
    if _beyond_reasoning(goal, state):
        return everything
    differing = {urn for urn in _differing(goal, existing, state) if not _is_stack(urn, registrations)}
    dropped = {resource.urn for resource in goal.dropped}
    wanted = [registration.resource for registration in goal.registrations]
    affected = _with_dependents(differing | dropped, [*wanted, *existing])
    registered = _with_what_is_above(
        {urn for urn in affected if urn in registrations}
        | {resource.urn for resource in wanted if _has_outputs(resource)},
        registrations,
    )
    # Without a target, nothing would be confined.
    custom = {resource.urn for resource in wanted if resource.custom}
    if not affected or len(registered & custom) > LARGEST_SHARE * len(custom):
        return everything
    return Scope(registered, tuple(sorted(affected)))


def _beyond_reasoning(goal: Goal, state: Checkpoint) -> bool:
    """Left-overs, interrupted operations and views are the engine's to clear up, in an update of everything; and which
    name a renamed resource goes by is its to find out."""
    urns = [*(each.urn for each in state.resources), *(each.resource.urn for each in goal.registrations)]
    return (
        bool(state.pending_operations)
        or any(each.delete or each.pending_replacement or each.view_of for each in state.resources)
        or any(registration.aliases for registration in goal.registrations)
        or any(WILDCARD in urn for urn in urns)
    )


def _differing(goal: Goal, existing: Sequence[RecordedResource], state: Checkpoint) -> Iterable[str]:
    """What the engine has something to do about, as far as the state tells. What is only read may read differently."""
    now = {resource.urn: resource for resource in existing}
    unsettled = {each.urn for each in state.resources if each.taint or each.init_errors or each.refresh_before_update}
    for registration in goal.registrations:
        resource = registration.resource
        present = now.get(resource.urn)
        if resource.external or resource.urn in unsettled or present is None or not _alike(resource, present):
            yield resource.urn


def _alike(wanted: RecordedResource, present: RecordedResource) -> bool:
    """To Python `True`, `1` and `1.0` are one, so values are compared as they are written, too."""
    recorded, found = _comparable(wanted), _comparable(present)
    return recorded == found and _written(recorded) == _written(found)


def _comparable(resource: RecordedResource) -> RecordedResource:
    """Without what no state holds, and without properties said to depend on nothing where the resource doesn't depend
    on anything: the engine's own default providers don't say that, and registered ones do."""
    stated = resource.property_dependencies if resource.dependencies else {}
    return replace(resource, delete_before_replace=None, declared_aliases=(), property_dependencies=stated)


def _written(resource: RecordedResource) -> bytes:
    return canonical_json([resource.inputs, resource.outputs, resource.replacement_trigger])


def _with_dependents(urns: set[str], resources: Iterable[RecordedResource]) -> set[str]:
    dependents: dict[str, set[str]] = defaultdict(set)
    for resource in resources:
        # Every resource hangs on the stack, whose outputs may differ.
        if not resource.is_stack:
            for needed in resource.needs:
                dependents[needed].add(resource.urn)
    return _reached(urns, dependents)


def _with_what_is_above(urns: set[str], registrations: Mapping[str, Registration]) -> frozenset[str]:
    """The engine needs to know of parents and providers what it is told of."""
    above = {
        urn: {registration.resource.parent, registration.resource.provider_urn} & registrations.keys()
        for urn, registration in registrations.items()
    }
    return frozenset(_reached(urns, above))


def _reached(urns: set[str], leads_to: Mapping[str, Iterable[str]]) -> set[str]:
    found = set(urns)
    waiting = list(urns)
    while waiting:
        for urn in leads_to.get(waiting.pop(), ()):
            if urn not in found:
                found.add(urn)
                waiting.append(urn)
    return found


def _is_stack(urn: str, registrations: Mapping[str, Registration]) -> bool:
    return urn in registrations and registrations[urn].resource.is_stack


def _has_outputs(resource: RecordedResource) -> bool:
    """Of a component or the stack, whose outputs may come from anywhere."""
    return resource.is_stack or (not resource.custom and bool(resource.outputs))
