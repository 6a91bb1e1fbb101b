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

_PLAIN = (str, int, float, type(None))


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
            # Generated SDKs name every property there is, most of which are plain or not given.
            holding = {name: value for name, value in args.props.items() if not isinstance(value, _PLAIN)}
            found = {name: tuple(_outputs_in(value)) for name, value in holding.items()}
            self._seen.append(_Seen(args.resource, {name: inside for name, inside in found.items() if inside}))
        except Exception as error:  # noqa: BLE001 - see `failed`
            self._failed(error)

    async def links(self, stack: pulumi.Resource, exports: Mapping[str, object]) -> ProgramLinks:
        """All of it, once every output has its value.

        Args:
            stack: the root resource.
            exports: what the program exported, by name.
        """
        writing = _Writing()
        for seen in self._seen:
            urn = await writing.urn(seen.resource)
            if urn:
                writing.resources[urn] = ResourceLinks(
                    inputs=await writing.properties(seen.inputs), outputs=await writing.own(seen.resource)
                )
        exported = {name: tuple(_outputs_in(value, whole_resources=True)) for name, value in exports.items()}
        writing.resources[await writing.urn(stack)] = ResourceLinks(outputs=await writing.properties(exported))
        return ProgramLinks(urns=tuple(writing.positions), resources=writing.resources)


class _Writing:
    """Turns what was found into paths and URNs."""

    def __init__(self) -> None:
        self._urns: dict[pulumi.Resource, str] = {}
        self._attributes: dict[pulumi.Resource, Mapping[int, str]] = {}
        self.positions: dict[str, int] = {}
        self.resources: dict[str, ResourceLinks] = {}

    async def own(self, resource: pulumi.Resource) -> Mapping[str, tuple[Origin, ...]]:
        """A component's attributes that are outputs of other resources: what it registers as its own outputs goes, by
        convention, by the same names. Whether it does, whoever uses this has to see from the values."""
        if isinstance(resource, pulumi.CustomResource):
            return {}
        attributes = {name: value for name, value in vars(resource).items() if isinstance(value, pulumi.Output)}
        found = await self.properties({name: (_Found((), value),) for name, value in attributes.items()})
        return {name: origins for name, origins in found.items() if origins[0].source is not None}

    async def properties(self, found: Mapping[str, tuple[_Found, ...]]) -> dict[str, tuple[Origin, ...]]:
        return {name: tuple([await self._origin(each) for each in inside]) for name, inside in found.items()}

    async def _origin(self, found: _Found) -> Origin:
        if isinstance(found.value, pulumi.Resource):
            return Origin(path=found.path, depends=(await self._position(found.value),))
        resources = await found.value.resources()
        # An output depends on the resource that has it, so there it is to be found, if anywhere.
        whose = {one: name for one in resources if (name := self._attributes_of(one).get(id(found.value)))}
        source = next(iter(whose), None)
        # In order of URNs, so that the same program gives the same record.
        others = sorted({urn: one for one in resources if one is not source and (urn := await self.urn(one))}.items())
        return Origin(
            path=found.path,
            depends=tuple([await self._position(one) for _, one in others]),
            source=None if source is None else await self._position(source),
            output=whose[source] if source else "",
        )

    def _attributes_of(self, resource: pulumi.Resource) -> Mapping[int, str]:
        """A resource's own outputs by identity; it keeps those objects alive."""
        if not isinstance(resource, pulumi.CustomResource):
            return {}
        if resource not in self._attributes:
            outputs = ((name, value) for name, value in vars(resource).items() if isinstance(value, pulumi.Output))
            self._attributes[resource] = {id(value): name for name, value in outputs}
        return self._attributes[resource]

    async def _position(self, resource: pulumi.Resource) -> int:
        return self.positions.setdefault(await self.urn(resource), len(self.positions))

    async def urn(self, resource: pulumi.Resource) -> str:
        """Empty for a resource that never got one."""
        if resource not in self._urns:
            self._urns[resource] = str(await resource.urn.future() or "")
        return self._urns[resource]


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
