"""Finds out what became of resources that a killed engine was creating or updating.

The engine writes down what it is about to create (`pending_operations`, type `creating`, with full inputs) and keeps
that until a person says whether it was made (`GenerateUpdateSnapshot` in pkg/backend/snapshot.go keeps it over every
update). Running on without an answer makes a second one, or fails on the first one's name. Where the id follows from
the inputs, the cloud can be asked: a copy of the state is given the resource under that id and refreshed by its own
provider. What is there stays in it, what isn't goes. Nothing in the cloud or in the stack's state is changed by that.

What it was updating (`updating`) is in the state as it was before. The engine forgets such an operation with its next
write and, where what is wanted is what the state says, does nothing, however far the update came. So these resources
are read in the same way, and are in the state as they were found: what differs from what is wanted is then changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from rollback_plugin.replay.identities import NOT_READ_BACK, Neighbour, identity_of, is_drawn
from rollback_plugin.replay.property_values import PROVIDER_DEFAULTS, PROVIDER_METADATA, as_the_program_gave_it
from rollback_plugin.replay.recorded import PROVIDER_TYPE_PREFIX, read_resources
from rollback_plugin.replay.three_way import same
from rollback_plugin.versions.checkpoint import Checkpoint, Resource

CREATING = "creating"
UPDATING = "updating"


class StateReader(Protocol):
    """What the engine can do with a copy of a stack's state."""

    def decrypt(self, *checkpoints: Checkpoint) -> tuple[Checkpoint, ...]: ...

    def refreshed(self, checkpoint: Checkpoint, urns: Sequence[str]) -> Checkpoint:
        """The state as it is once the providers were asked for these resources."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """A state in which it is known what became of pending creates and updates."""

    state: Checkpoint
    """With what was made in it, and what was changed as it was found. Operations of which nothing could be told are
    still pending."""
    found: tuple[str, ...] = ()
    """URNs of what was made."""
    missing: tuple[str, ...] = ()
    """URNs of what was not made, or is in the state already."""
    read: tuple[str, ...] = ()
    """URNs of what was being updated."""

    @property
    def changed(self) -> bool:
        """Whether anything could be told."""
        return bool(self.found or self.missing or self.read)


@dataclass(frozen=True, slots=True)
class _Candidate:
    operation: Mapping[str, Any]
    resource: Resource
    """As it is in the state if it was made: with its id, its inputs standing for outputs still to be read."""
    autonamed: bool
    """Whether nobody else's can have this name."""


def settle_pending(state: Checkpoint, reader: StateReader) -> Settled:
    """Look for everything that the state says was being created, and at everything that was being updated.

    Raises what asking the providers raises: `EngineFailed`, `WrongPassphrase`.
    """
    settled = Settled(state)
    for candidates in _rounds(_candidates(state)):
        settled = _settle(settled, candidates, reader)
    return read_pending_updates(settled, reader)


def read_pending_updates(settled: Settled, reader: StateReader) -> Settled:
    """Look at everything that the state says was being updated. Raises what asking the providers raises."""
    state = settled.state
    updating = {op["resource"]["urn"] for op in state.pending_operations if op.get("type") == UPDATING}
    urns = tuple(sorted(updating & state.by_urn.keys()))
    if not urns:
        return settled
    others = [operation for operation in state.pending_operations if operation.get("type") != UPDATING]
    asked = reader.refreshed(state.with_pending_operations(()), urns)
    resources = (_readable(each) if each.urn in urns and not each.delete else each for each in asked.resources)
    return replace(settled, state=state.with_resources(tuple(resources)).with_pending_operations(others), read=urns)


def _settle(settled: Settled, candidates: Sequence[_Candidate], reader: StateReader) -> Settled:
    known = {(resource.type, resource.id) for resource in settled.state.resources}
    wanted = [c for c in candidates if c.resource.id and (c.resource.type, c.resource.id) not in known]
    assumed = _assuming(settled.state, wanted)
    asked = reader.refreshed(assumed, [candidate.resource.urn for candidate in wanted]) if wanted else assumed
    there = [c for c in wanted if c.resource.urn in asked.by_urn and asked.by_urn[c.resource.urn].id == c.resource.id]
    unlike = _unlike(assumed, asked, reader) if any(not candidate.autonamed for candidate in there) else frozenset()
    ours = [c for c in there if c.autonamed or c.resource.urn not in unlike]
    answered = [c.operation for c in candidates if c in ours or c not in there]
    pending = [operation for operation in settled.state.pending_operations if operation not in answered]
    return Settled(
        _with_found(settled.state, [_found(c, asked) for c in ours]).with_pending_operations(pending),
        (*settled.found, *(c.resource.urn for c in ours)),
        (*settled.missing, *(c.resource.urn for c in candidates if c not in there)),
    )


def _candidates(state: Checkpoint) -> Iterator[_Candidate]:
    for operation in state.pending_operations:
        resource = Resource.of(operation["resource"])
        if operation.get("type") != CREATING:
            continue
        inputs = resource.inputs or {}
        if resource.type.startswith(PROVIDER_TYPE_PREFIX):
            # Nothing that exists anywhere: the engine draws its id itself.
            yield _Candidate(operation, resource, autonamed=True)
            continue
        identity = identity_of(resource.type, inputs, _neighbours(resource, state))
        if identity is not None:
            outputs = {key: value for key, value in inputs.items() if key not in (PROVIDER_DEFAULTS, PROVIDER_METADATA)}
            defaults = inputs.get(PROVIDER_DEFAULTS) or []
            yield _Candidate(
                operation,
                resource.having(id=identity, outputs=outputs),
                autonamed=is_drawn(resource.type, inputs, defaults),
            )


def _neighbours(resource: Resource, state: Checkpoint) -> Iterator[Neighbour]:
    for other in state.resources:
        if other.custom and not other.external and other.provider == resource.provider:
            yield Neighbour(other.type, other.outputs or {})


def _rounds(candidates: Iterator[_Candidate]) -> Iterator[list[_Candidate]]:
    """One URN may have been in the making several times, and a state has each URN once."""
    left = list(candidates)
    while left:
        by_urn: dict[str, _Candidate] = {}
        for candidate in left:
            by_urn.setdefault(candidate.resource.urn, candidate)
        yield list(by_urn.values())
        left = [candidate for candidate in left if by_urn[candidate.resource.urn] is not candidate]


def _assuming(state: Checkpoint, candidates: Sequence[_Candidate]) -> Checkpoint:
    """The state as if the candidates had been made, in the place of what they were to replace."""
    assumed = {candidate.resource.urn: candidate.resource for candidate in candidates}
    others = [resource for resource in state.resources if not (resource.delete and resource.urn in assumed)]
    placed = [assumed.get(resource.urn, resource) for resource in others]
    there = {resource.urn for resource in placed}
    added = [resource for urn, resource in assumed.items() if urn not in there]
    return state.with_resources((*placed, *added)).with_pending_operations(())


def _unlike(assumed: Checkpoint, asked: Checkpoint, reader: StateReader) -> frozenset[str]:
    """URNs of what is not as it was being made."""
    made, found = (
        {resource.urn: as_the_program_gave_it(dict(resource.inputs)) for resource in read_resources(checkpoint)}
        for checkpoint in reader.decrypt(assumed, asked)
    )
    return frozenset(urn for urn in made.keys() & found.keys() if not same(made[urn], found[urn]))


def _found(candidate: _Candidate, asked: Checkpoint) -> Resource:
    found = asked.by_urn[candidate.resource.urn]
    return found if candidate.autonamed else _readable(found)


def _readable(found: Resource) -> Resource:
    """What was read of it, without the inputs that can't be read, so that they are written anew."""
    unread = NOT_READ_BACK.get(found.type, frozenset())

    def read(properties: Mapping[str, Any] | None) -> dict[str, Any]:
        return {key: value for key, value in (properties or {}).items() if key not in unread}

    return found.having(inputs=read(found.inputs), outputs=read(found.outputs))


def _with_found(state: Checkpoint, found: Sequence[Resource]) -> Checkpoint:
    """The state with what was found. Made to replace something that is still there, it is a left-over: the engine
    deletes it with the next update."""
    by_urn = {resource.urn: resource for resource in found}
    kept = [r for r in state.resources if not (r.pending_replacement and r.urn in by_urn)]
    live = {resource.urn for resource in kept if not resource.delete}
    added = [r.having(delete=True) if r.urn in live else r for r in found]
    return state.with_resources((*kept, *added))
