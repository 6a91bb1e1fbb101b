"""ΔS: how one checkpoint becomes the next, exactly and in order."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.checkpoint import Checkpoint, Resource


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Keep(_Step):
    """Take `count` resources of the checkpoint before, from index `start` on, as they are."""

    step: Literal["keep"] = "keep"
    start: int = Field(ge=0)
    count: int = Field(ge=1)


class Change(_Step):
    """Take one resource of the checkpoint before, with other fields."""

    step: Literal["change"] = "change"
    index: int = Field(ge=0)
    fields: dict[str, Any]
    without: tuple[str, ...] = ()


class Add(_Step):
    """A resource that was not there before."""

    step: Literal["add"] = "add"
    resource: dict[str, Any]


class Delta(_Step):
    """What turns the checkpoint with digest `before` into the one with digest `after`."""

    before: str
    after: str
    envelope: dict[str, Any] | None
    """What surrounds the resources, if it changed."""
    resources: tuple[Annotated[Keep | Change | Add, Field(discriminator="step")], ...]


def difference(before: Checkpoint, after: Checkpoint) -> Delta:
    """The delta with `apply(before, difference(before, after)) == after`."""
    candidates: defaultdict[str, list[int]] = defaultdict(list)
    for index, resource in enumerate(before.resources):
        candidates[resource.urn].append(index)
    old = [resource.document for resource in before.resources]
    steps: list[Keep | Change | Add] = []
    for resource in after.resources:
        step = _step(resource.document, old, candidates[resource.urn])
        last = steps[-1] if steps else None
        if isinstance(step, Keep) and isinstance(last, Keep) and last.start + last.count == step.start:
            steps[-1] = Keep(start=last.start, count=last.count + 1)
        else:
            steps.append(step)
    return Delta(
        before=before.digest,
        after=after.digest,
        envelope=None if _same(before.envelope, after.envelope) else dict(after.envelope),
        resources=tuple(steps),
    )


def _step(document: dict[str, Any], old: list[dict[str, Any]], candidates: list[int]) -> Keep | Change | Add:
    """How one resource comes from those of the same URN: a URN stands twice while a replaced resource waits for
    deletion."""
    if not candidates:
        return Add(resource=document)
    for index in candidates:
        if _same(old[index], document):
            return Keep(start=index, count=1)
    index = candidates[0]
    fields = {
        key: value for key, value in document.items() if key not in old[index] or not _same(old[index][key], value)
    }
    return Change(index=index, fields=fields, without=tuple(sorted(old[index].keys() - document.keys())))


def _same(one: object, other: object) -> bool:
    """Whether both are the same JSON; to Python's `==`, `true`, `1` and `1.0` are one."""
    return canonical_json(one) == canonical_json(other)


def apply(before: Checkpoint, delta: Delta) -> Checkpoint:
    """The checkpoint after `delta`. Raises `DamagedSnapshot` where `delta` doesn't belong to `before`, or doesn't add
    up."""
    if before.digest != delta.before:
        raise DamagedSnapshot(
            f"A delta made from the checkpoint {delta.before} was put to the checkpoint {before.digest}:"
            " the version it is based on is not the one it was recorded from. Choose a version that isn't based on it."
        )
    try:
        after = Checkpoint(
            before.envelope if delta.envelope is None else delta.envelope, tuple(_resources(before.resources, delta))
        )
    except IndexError:
        raise _not_adding_up(delta, "it refers to a resource that is not there") from None
    if after.digest != delta.after:
        raise _not_adding_up(delta, f"it leads to {after.digest}")
    return after


def _resources(before: tuple[Resource, ...], delta: Delta) -> Iterator[Resource]:
    for step in delta.resources:
        match step:
            case Keep(start=start, count=count):
                if start + count > len(before):
                    raise IndexError
                yield from before[start : start + count]
            case Change(index=index, fields=fields, without=without):
                document = {**before[index].document, **fields}
                yield Resource.model_validate({key: value for key, value in document.items() if key not in without})
            case Add(resource=resource):
                yield Resource.model_validate(resource)


def _not_adding_up(delta: Delta, found: str) -> DamagedSnapshot:
    return DamagedSnapshot(
        f"The delta that should lead to the checkpoint {delta.after} is damaged: {found}. Restore the version's object"
        " from a backup of the store, or choose another version."
    )
