"""Links: what `track()` saw of a version's program, put against that version's checkpoint.

Relinking (`relink`) infers where a value came from. Where the program was seen to put an output at some place, nothing
is to be inferred: the live output at that very path takes the value's place, whatever it looks like. What was worked
out from outputs is still inferred, but from those resources alone that it was seen to depend on; and what no output was
put into is the program's own word and stays.

What was seen is in the program's spelling, and a transformation that ran later may have changed it, so nothing is taken
on trust: a link counts only where the checkpoint has the same value at both its ends, and a property only where the
outputs seen in it account for every dependency that the engine recorded. Otherwise that property is inferred in full.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rollback_plugin.replay.property_values import (
    OUTPUT_VALUE,
    SECRET,
    UNKNOWN,
    PropertyPath,
    Value,
    as_the_program_gave_it,
    signature,
    unwrapped,
)
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.versions.links import Origin, ProgramLinks, ResourceLinks


@dataclass(frozen=True, slots=True)
class Source:
    """One output of one resource."""

    urn: str
    path: PropertyPath


@dataclass(frozen=True, slots=True)
class Traced:
    """An output that the program put somewhere."""

    depends: frozenset[str]
    """URNs; for a component those of everything below it too."""
    source: Source | None = None
    """Whose own output it is; None for what was worked out from the outputs of `depends`."""


Traces = Mapping[PropertyPath, Traced]
"""What the program put into one property, by the path from the property's name on."""


@dataclass(frozen=True, slots=True)
class Links:
    """Traces by URN and property, of properties that are accounted for."""

    inputs: Mapping[str, Mapping[str, Traces]] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Traces]] = field(default_factory=dict)


def links_of(seen: ProgramLinks, resources: Sequence[RecordedResource]) -> Links:
    """What counts of `seen` for these resources, the version's own."""
    checking = _Checking(seen, resources)
    known = [(resource, seen.resources[resource.urn]) for resource in resources if resource.urn in seen.resources]
    return Links(
        {resource.urn: dict(checking.inputs(resource, said)) for resource, said in known},
        {resource.urn: dict(checking.outputs(resource, said)) for resource, said in known if not resource.custom},
    )


def where_registered_alike(
    links: Links, recorded: Sequence[RecordedResource], registered: Sequence[RecordedResource]
) -> Links:
    """Of the links of the recorded resources those that hold for what is registered in their stead: what a merge took
    from elsewhere didn't come from where the version's program took it."""
    merged = {resource.urn: resource for resource in registered}
    pairs = [(resource, merged[resource.urn]) for resource in recorded if resource.urn in merged]

    def holding(
        traces: Mapping[str, Traces], then: Mapping[str, Value], now: Mapping[str, Value]
    ) -> Mapping[str, Traces]:
        return {
            name: inside
            for name, inside in traces.items()
            if then[name] == now.get(name) and all(traced.depends <= merged.keys() for traced in inside.values())
        }

    return Links(
        {
            then.urn: holding(
                links.inputs[then.urn],
                as_the_program_gave_it(dict(then.inputs)),
                as_the_program_gave_it(dict(now.inputs)),
            )
            for then, now in pairs
            if then.urn in links.inputs
        },
        {
            then.urn: holding(links.outputs[then.urn], then.outputs, now.outputs)
            for then, now in pairs
            if then.urn in links.outputs
        },
    )


def with_declared_options(seen: ProgramLinks, resources: Sequence[RecordedResource]) -> tuple[RecordedResource, ...]:
    """The resources with those options of registration that no checkpoint holds."""
    unknown = ResourceLinks()
    said = ((resource, seen.resources.get(resource.urn, unknown)) for resource in resources)
    return tuple(
        replace(resource, delete_before_replace=links.delete_before_replace, declared_aliases=links.aliases)
        for resource, links in said
    )


def output_at(outputs: Mapping[str, Value], path: PropertyPath, *, known: bool) -> Value:
    """A resource's output at a path.

    Args:
        known: False during a preview, where an output the engine doesn't name is not gone but unknown.
    """
    value: Value = dict(outputs)
    for step in path:
        value = _opened(value)
        if value == UNKNOWN:
            return UNKNOWN
        found = _step(value, step, exact=True)
        if found is None:
            return None if known else UNKNOWN
        value = found[1]
    return value


class _Checking:
    """Holds what the program was seen to do against the checkpoint."""

    def __init__(self, seen: ProgramLinks, resources: Sequence[RecordedResource]) -> None:
        self._seen = seen
        self._by_urn = {resource.urn: resource for resource in resources}
        self._children: dict[str, list[str]] = defaultdict(list)
        for resource in resources:
            self._children[resource.parent].append(resource.urn)

    def inputs(self, resource: RecordedResource, said: ResourceLinks) -> Iterator[tuple[str, Traces]]:
        if said.inputs is None:
            return
        given = as_the_program_gave_it(dict(resource.inputs))
        origins = _by_recorded_name(said.inputs, given)
        for name, value in given.items():
            # A link to what isn't registered before would find nothing there.
            traces = self._traces(name, value, origins.get(name, ()), among=resource.needs)
            accounted = {urn for traced in traces.values() for urn in traced.depends}
            if accounted.issuperset(resource.property_dependencies.get(name, ())):
                yield name, traces

    def outputs(self, resource: RecordedResource, said: ResourceLinks) -> Iterator[tuple[str, Traces]]:
        """The stack's outputs were seen as they were exported. Of a component only the attributes were seen: one stands
        for the output of its name if it has that value."""
        origins = said.outputs if resource.is_stack else _by_recorded_name(said.outputs, resource.outputs)
        for name, inside in origins.items():
            if name not in resource.outputs:
                continue
            traces = self._traces(name, resource.outputs[name], inside, among=self._by_urn.keys())
            certain = all(traced.source for traced in traces.values()) or resource.is_stack
            if certain and len(traces) == len(inside):
                yield name, traces

    def _traces(self, name: str, value: Value, origins: Sequence[Origin], among: Collection[str]) -> Traces:
        """Those that lead somewhere. among: URNs of resources that can be a source."""
        found = {}
        for origin in origins:
            place = _located(value, origin.path)
            if place is not None:
                path, recorded = place
                source = self._source(origin, recorded) if self._seen.source_of(origin) in among else None
                found[name, *path] = Traced(self._expanded(self._seen.urns_of(origin)), source)
        return found

    def _source(self, origin: Origin, recorded: Value) -> Source | None:
        resource = self._by_urn.get(self._seen.source_of(origin))
        if resource is None:
            return None
        place = _located({**resource.outputs, "id": resource.id, "urn": resource.urn}, (origin.output,))
        if place is None or not _same(place[1], recorded):
            return None
        return Source(resource.urn, place[0])

    def _expanded(self, urns: frozenset[str]) -> frozenset[str]:
        return urns | {below for urn in urns for below in self._below(urn)}

    def _below(self, urn: str) -> Iterator[str]:
        """What a dependency on a component is recorded as: dependencies on what is below it."""
        resource = self._by_urn.get(urn)
        if resource is not None and not resource.custom:
            for child in self._children[urn]:
                yield child
                yield from self._below(child)


def _by_recorded_name(
    origins: Mapping[str, tuple[Origin, ...]], recorded: Mapping[str, Value]
) -> Mapping[str, tuple[Origin, ...]]:
    places = ((_step(dict(recorded), name, exact=False), inside) for name, inside in origins.items())
    return {str(place[0]): inside for place, inside in places if place is not None}


def _located(value: Value, path: PropertyPath) -> tuple[PropertyPath, Value] | None:
    """Where the program's path leads inside a recorded value, in recorded spelling; None for nowhere."""
    found: list[str | int] = []
    for step in path:
        place = _step(_opened(value), step, exact=False)
        if place is None:
            return None
        found.append(place[0])
        value = place[1]
    return tuple(found), value


def _step(value: Value, step: str | int, *, exact: bool) -> tuple[str | int, Value] | None:
    """One step into a list or a map. Where the exact name is not there, the one that differs in spelling only counts:
    `function_version` in a Python program is `functionVersion` to the engine."""
    if isinstance(step, int):
        return (step, value[step]) if isinstance(value, list) and step < len(value) else None
    if not isinstance(value, dict) or signature(value) is not None:
        return None
    if step in value:
        return step, value[step]
    alike = [] if exact else [key for key in value if _plain(key) == _plain(step)]
    return (alike[0], value[alike[0]]) if len(alike) == 1 else None


def _opened(value: Value) -> Value:
    """What is inside of secret marks and output marks; inner marks stay."""
    while signature(value) in (SECRET, OUTPUT_VALUE):
        value = value.get("value", UNKNOWN)
    return value


def _same(one: Value, other: Value) -> bool:
    """Equal, and of the same kind: to Python `True`, `1` and `1.0` are one, and a program may mean the first."""
    first, second = unwrapped(one), unwrapped(other)
    return isinstance(first, bool) == isinstance(second, bool) and bool(first == second)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
