"""Sees where a program takes its values from: which outputs it puts where, before they are values.

The Python SDK runs stack transformations in the program's process, with the arguments as the program gave them. There a
resource's output is still the very object that stands in the resource's attributes (`transfer_properties` in
pulumi/runtime/rpc.py), so identity tells whose it is. An output that was worked out from others (`apply`, `concat`, and
what a generated SDK marks secret) is another object; of it the resources are known that it depends on.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

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


@dataclass(frozen=True, slots=True)
class _Named:
    """Where one output came from, by URNs."""

    path: PropertyPath
    depends: tuple[str, ...]
    source: str = ""
    output: str = ""


_Properties = Mapping[str, tuple[_Found, ...]]
_NamedProperties = Mapping[str, tuple[_Named, ...]]


@dataclass(frozen=True, slots=True)
class _Linked:
    urn: str
    inputs: _NamedProperties
    component: pulumi.ComponentResource | None


class Origins:
    """What one run of a program puts where.

    A resource is looked at as soon as the engine registered it, and let go: a program's own resources are garbage as
    soon as nothing asks for them any more, and a program that has to keep them all spends its time collecting garbage.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        """failed: told what goes wrong; a transformation that raises would end the program."""
        self._failed = failed
        self._naming = _Naming()
        self._linking: list[asyncio.Future[_Linked | Exception]] = []

    def transformation(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Note one resource about to be registered, and change nothing of it."""
        try:
            # Generated SDKs name every property there is, most of which are plain or not given.
            holding = {name: value for name, value in args.props.items() if not isinstance(value, _PLAIN)}
            found = {name: inside for name, value in holding.items() if (inside := tuple(_outputs_in(value)))}
            self._linking.append(asyncio.ensure_future(self._linked(args.resource, found)))
        except Exception as error:  # noqa: BLE001 - see `failed`
            self._failed(error)

    async def links(self, stack: pulumi.Resource, exports: Mapping[str, object]) -> ProgramLinks:
        """All of it, once every output has its value. Raises what went wrong while looking.

        Args:
            stack: the root resource.
            exports: what the program exported, by name.
        """
        writing = _Writing()
        # Not gathered: what a thread registered belongs to another event loop, and can be awaited once it is done.
        for linking in self._linking:
            linked = await linking
            if isinstance(linked, Exception):
                raise linked
            if linked.urn:
                inputs = writing.properties(linked.inputs)
                own = {} if linked.component is None else await self._naming.own(linked.component)
                writing.resources[linked.urn] = ResourceLinks(inputs=inputs, outputs=writing.properties(own))
        exported = {name: tuple(_outputs_in(value, whole_resources=True)) for name, value in exports.items()}
        outputs = writing.properties(await self._naming.properties(exported))
        writing.resources[await self._naming.urn(stack)] = ResourceLinks(outputs=outputs)
        return ProgramLinks(urns=tuple(writing.positions), resources=writing.resources)

    async def _linked(self, resource: pulumi.Resource, inputs: _Properties) -> _Linked | Exception:
        """Once the engine registered it. A failure is returned, for the end of the program to hear of: one that fails
        has an error of its own to show."""
        try:
            component = resource if isinstance(resource, pulumi.ComponentResource) else None
            return _Linked(await self._naming.urn(resource), await self._naming.properties(inputs), component)
        except Exception as error:  # noqa: BLE001 - raised by `links`
            return error


class _Naming:
    """Turns what was found into URNs, which are looked up once for as long as a resource lives."""

    def __init__(self) -> None:
        self._urns: WeakKeyDictionary[pulumi.Resource, str] = WeakKeyDictionary()

    async def own(self, component: pulumi.ComponentResource) -> _NamedProperties:
        """A component's attributes that are outputs of other resources: what it registers as its own outputs goes, by
        convention, by the same names. Whether it does, whoever uses this has to see from the values."""
        attributes = {name: value for name, value in vars(component).items() if isinstance(value, pulumi.Output)}
        named = await self.properties({name: (_Found((), value),) for name, value in attributes.items()})
        return {name: origins for name, origins in named.items() if origins[0].source}

    async def properties(self, found: _Properties) -> _NamedProperties:
        return {name: tuple([await self._origin(each) for each in inside]) for name, inside in found.items()}

    async def _origin(self, found: _Found) -> _Named:
        value = found.value
        if isinstance(value, pulumi.Resource):
            return _Named(found.path, (await self.urn(value),))
        # An output depends on the resource that has it, so there it is to be found, if anywhere.
        resources = await value.resources()
        source, output = next(((one, name) for one in resources if (name := _name_in(one, value))), (None, ""))
        # In order of URNs, so that the same program gives the same record.
        others = sorted({urn for one in resources if one is not source and (urn := await self.urn(one))})
        return _Named(found.path, tuple(others), "" if source is None else await self.urn(source), output)

    async def urn(self, resource: pulumi.Resource) -> str:
        """Empty for a resource that never got one, as where its constructor raised and the program went on."""
        if resource not in self._urns:
            urn: pulumi.Output[str] | None = vars(resource).get("urn")
            self._urns[resource] = str(await urn.future() or "") if urn is not None else ""
        return self._urns[resource]


def _name_in(resource: pulumi.Resource, output: pulumi.Output[object]) -> str | None:
    """Under which name a resource has this very output as its own."""
    if not isinstance(resource, pulumi.CustomResource):
        return None
    return next((name for name, value in vars(resource).items() if value is output), None)


class _Writing:
    """Numbers the URNs."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self.resources: dict[str, ResourceLinks] = {}

    def properties(self, named: _NamedProperties) -> Mapping[str, tuple[Origin, ...]]:
        return {name: tuple(self._origin(each) for each in inside) for name, inside in named.items()}

    def _origin(self, named: _Named) -> Origin:
        return Origin(
            path=named.path,
            depends=tuple(self.position(urn) for urn in named.depends),
            source=self.position(named.source) if named.source else None,
            output=named.output,
        )

    def position(self, urn: str) -> int:
        return self.positions.setdefault(urn, len(self.positions))


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
