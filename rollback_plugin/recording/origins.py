"""Sees where a program takes its values from: which outputs it puts where, before they are values.

The Python SDK runs stack transformations in the program's process, with the arguments as the program gave them. There a
resource's output is still the very object that stands in the resource's attributes (`transfer_properties` in
pulumi/runtime/rpc.py), so identity tells whose it is. An output that was worked out from others (`apply`, `concat`, and
what a generated SDK marks secret) is another object; of it the resources are known that it depends on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pulumi
from pulumi._types import is_input_type

from rollback_plugin.versions.links import Origin, ProgramLinks, ResourceLinks
from rollback_plugin.versions.properties import PropertyPath


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """An output, or a whole resource, somewhere in a property."""

    path: PropertyPath
    value: pulumi.Output[object] | pulumi.Resource


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    resource: pulumi.Resource
    inputs: Mapping[str, tuple[_Found, ...]]


class Origins:
    """What one run of a program puts where. Holds the program's own objects, so it must not outlive the run."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        """failed: told what goes wrong; a transformation that raises would end the program."""
        self._failed = failed
        self._seen: list[_Seen] = []

    def transformation(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Note one resource about to be registered, and change nothing of it."""
        try:
            found = {name: tuple(_outputs_in(value)) for name, value in args.props.items()}
            self._seen.append(_Seen(args.resource, {name: inside for name, inside in found.items() if inside}))
        except Exception as error:  # noqa: BLE001 - see `failed`
            self._failed(error)

    async def links(self, stack: pulumi.Resource, exports: Mapping[str, object]) -> ProgramLinks:
        """All of it, once every output has its value.

        Args:
            stack: the root resource.
            exports: what the program exported, by name.
        """
        writing = _Writing(self._sources())
        for seen in self._seen:
            urn = await _urn(seen.resource)
            if urn:
                writing.resources[urn] = ResourceLinks(
                    inputs=await writing.properties(seen.inputs), outputs=await writing.properties(writing.own(seen))
                )
        exported = {name: tuple(_outputs_in(value, whole_resources=True)) for name, value in exports.items()}
        writing.resources[await _urn(stack)] = ResourceLinks(outputs=await writing.properties(exported))
        return ProgramLinks(urns=tuple(writing.positions), resources=writing.resources)

    def _sources(self) -> Mapping[int, tuple[pulumi.Resource, str]]:
        """Resource and attribute by the identity of each output; the resources keep those objects alive."""
        return {
            id(value): (seen.resource, name)
            for seen in self._seen
            if isinstance(seen.resource, pulumi.CustomResource)
            for name, value in vars(seen.resource).items()
            if isinstance(value, pulumi.Output)
        }


class _Writing:
    """Turns what was found into paths and URNs."""

    def __init__(self, sources: Mapping[int, tuple[pulumi.Resource, str]]) -> None:
        self._sources = sources
        self.positions: dict[str, int] = {}
        self.resources: dict[str, ResourceLinks] = {}

    def own(self, seen: _Seen) -> Mapping[str, tuple[_Found, ...]]:
        """A component's attributes that are outputs of other resources: what it registers as its own outputs goes, by
        convention, by the same names. Whether it does, whoever uses this has to see from the values."""
        if isinstance(seen.resource, pulumi.CustomResource):
            return {}
        return {
            name: (_Found((), value),)
            for name, value in vars(seen.resource).items()
            if isinstance(value, pulumi.Output) and id(value) in self._sources
        }

    async def properties(self, found: Mapping[str, tuple[_Found, ...]]) -> dict[str, tuple[Origin, ...]]:
        return {name: tuple([await self._origin(each) for each in inside]) for name, inside in found.items()}

    async def _origin(self, found: _Found) -> Origin:
        if isinstance(found.value, pulumi.Resource):
            return Origin(path=found.path, depends=(await self._position(found.value),))
        resource, output = self._sources.get(id(found.value), (None, ""))
        source = None if resource is None else await self._position(resource)
        # In order of URNs, so that the same program gives the same record.
        depends = sorted({urn: one for one in await found.value.resources() if (urn := await _urn(one))}.items())
        others = tuple([await self._position(one) for _, one in depends if one is not resource])
        return Origin(path=found.path, depends=others, source=source, output=output)

    async def _position(self, resource: pulumi.Resource) -> int:
        return self.positions.setdefault(await _urn(resource), len(self.positions))


async def _urn(resource: pulumi.Resource) -> str:
    return str(await resource.urn.future() or "")


def _outputs_in(
    value: object, path: PropertyPath = (), *, whole_resources: bool = False, around: tuple[object, ...] = ()
) -> Iterator[_Found]:
    """Every output inside a value.

    Args:
        whole_resources: whether a resource stands for its attributes, as in the stack's outputs (`massage` in
            pulumi/runtime/stack.py), and not for a reference to it.
        around: what encloses the value, against circles.
    """
    if isinstance(value, pulumi.Output) or (isinstance(value, pulumi.Resource) and not whole_resources):
        yield _Found(path, value)
    elif any(value is one for one in around):
        return
    elif (inside := _members(value)) is not None:
        for step, member in inside:
            yield from _outputs_in(member, (*path, step), whole_resources=whole_resources, around=(*around, value))


def _members(value: object) -> list[tuple[str | int, object]] | None:
    if isinstance(value, pulumi.Resource):
        return [(name, member) for name, member in vars(value).items() if not name.startswith("_")]
    if isinstance(value, dict):
        return [(str(key), member) for key, member in value.items()]
    if isinstance(value, list | tuple):
        return list(enumerate(value))
    if is_input_type(type(value)):
        return list(vars(value).items())
    return None
