"""Relinking: where a recorded value came from another resource's output, the live output takes its place.

A checkpoint holds values, not the expressions they came from. Re-applying them as they are would tie a resource to what
its dependency *was*: to the old id of something that had to be made anew. What a checkpoint does hold is which
resources each input property depends on (`propertyDependencies`), so for each property the recorded outputs of those
resources are compared with their live ones, and only the ones that changed are followed:

* a value equal to a changed output becomes the live output; so does a text that is how a number is written;
* a string that contains a changed output of at least `SHORTEST_EMBEDDED` characters (a policy document, a concatenated
  URL) has that part replaced; longer outputs are looked for first, so that an ARN is not torn apart by the name inside
  it;
* a shorter value, such as a published version's number "1", is followed only where it is the whole property, or where
  its key is named like the output (`functionVersion` like `version`);
* if several live values could be meant, those outputs named like the key decide, and then those whose resource is named
  in the key (`ordersVersion`); if that leaves more than one, it is a conflict.

For outputs of components and stacks no dependencies are recorded: any short value equals some output somewhere, so one
whose key says nothing is left as it is, as a doubt that is told to people. Booleans and nulls are never followed:
equality says nothing there. A conflict is never settled by guessing; the caller refuses.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeGuard

from rollback_plugin.replay.property_values import (
    ARCHIVE,
    ASSET,
    OUTPUT_VALUE,
    RESOURCE_REFERENCE,
    SECRET,
    UNKNOWN,
    PropertyPath,
    Value,
    leaves,
    path_text,
    secret_paths,
    signature,
)

SHORTEST_EMBEDDED = 8
"""Characters from which on an output's value is recognised inside a longer string."""


@dataclass(frozen=True, slots=True)
class LiveOutput:
    """One scalar output of a resource, then and now."""

    urn: str
    path: PropertyPath
    recorded: str | float = field(repr=False)
    live: Value = field(repr=False)
    """`UNKNOWN` where a preview can't say, `None` where the output is gone."""
    passed_through: bool = False
    """Whether the resource only repeats an input, at the same path or, if it is long and not known to differ by now, at
    any: the value did not originate here (a secret version's `arn` is its `secretId`)."""
    newly_secret: bool = False
    """Whether the live output is a secret and the recorded one wasn't."""

    @property
    def changed(self) -> bool:
        return bool(self.recorded != self.live)

    @property
    def name(self) -> str:
        """The last key of the path, list positions left out."""
        keys = [step for step in self.path if isinstance(step, str)]
        return keys[-1] if keys else ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that may or may not have come from an output that changed."""

    path: PropertyPath
    why: str

    def __str__(self) -> str:
        return f"{path_text(self.path)}: {self.why}"


@dataclass(frozen=True, slots=True)
class Relinked:
    value: Value = field(repr=False)
    conflicts: tuple[Conflict, ...] = ()
    doubts: tuple[Conflict, ...] = ()
    """Values left as recorded that may have come from a changed output, but probably didn't."""


def live_outputs(
    urn: str, recorded: Mapping[str, Value], live: Mapping[str, Value], inputs: Mapping[str, Value], *, known: bool
) -> tuple[LiveOutput, ...]:
    """Pair a resource's recorded scalar outputs with the live ones at the same path.

    Args:
        recorded: outputs of the checkpoint, with the resource's `id` among them.
        live: outputs the engine answered with, likewise.
        inputs: what the program gave, to tell apart what merely passes through.
        known: False during a preview, where an output the engine doesn't name is not gone but unknown.
    """
    now = dict(leaves(dict(live)))
    given = dict(leaves(dict(inputs)))
    long = {value for value in given.values() if _is_long(value)}
    newly_secret = set(secret_paths(dict(live))) - set(secret_paths(dict(recorded)))
    found: list[LiveOutput] = []
    for path, value in leaves(dict(recorded)):
        if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
            continue
        present = now.get(path, _enclosing(path, now, known))
        repeats = given.get(path) == value or (value in long and present in (value, UNKNOWN))
        found.append(LiveOutput(urn, path, value, present, repeats, path in newly_secret))
    return tuple(found)


def _enclosing(path: PropertyPath, now: Mapping[PropertyPath, Value], known: bool) -> Value:
    if not known or any(now.get(path[:length]) == UNKNOWN for length in range(1, len(path))):
        return UNKNOWN
    return None


@dataclass(frozen=True)
class OutputTable:
    """What the outputs a value may have come from were and are."""

    outputs: tuple[LiveOutput, ...]

    @cached_property
    def by_recorded(self) -> Mapping[str | float, tuple[LiveOutput, ...]]:
        found: dict[str | float, list[LiveOutput]] = defaultdict(list)
        for output in self.outputs:
            found[output.recorded].append(output)
        return {value: tuple(outputs) for value, outputs in found.items()}

    @cached_property
    def by_text(self) -> Mapping[str, tuple[LiveOutput, ...]]:
        """Numbers, by how they are written where a text is wanted."""
        found: dict[str, list[LiveOutput]] = defaultdict(list)
        for output in self.outputs:
            if not isinstance(output.recorded, str):
                found[written(output.recorded)].append(output)
        return {text: tuple(outputs) for text, outputs in found.items()}

    @cached_property
    def changed(self) -> bool:
        return any(output.changed for output in self.outputs)

    @cached_property
    def embedded(self) -> re.Pattern[str] | None:
        """Matches any recorded output long enough to be recognised inside a string, unchanged ones included."""
        long = {value for value in self.by_recorded if _is_long(value)}
        if not long:
            return None
        return re.compile("|".join(re.escape(value) for value in sorted(long, key=lambda text: (-len(text), text))))


def table_of(groups: Iterable[Sequence[LiveOutput]]) -> OutputTable:
    """One table over several resources' outputs."""
    return OutputTable(tuple(output for group in groups for output in group))


def table_of_origins(groups: Iterable[Sequence[LiveOutput]]) -> OutputTable:
    """Likewise, without outputs that only repeat an input: where every resource is looked at, the origin is among
    them."""
    return OutputTable(tuple(output for group in groups for output in group if not output.passed_through))


def relink_property(name: str, value: Value, table: OutputTable) -> Relinked:
    """Relink one input property over the outputs of the resources it is recorded to depend on."""
    return relink_at((name,), value, table)


def relink_at(path: PropertyPath, value: Value, table: OutputTable) -> Relinked:
    """Likewise what stands at a path inside a property, which itself depends on those resources."""
    return _relink(path, value, table, depends=True)


def relink_output(name: str, value: Value, nearest: OutputTable, every: OutputTable) -> Relinked:
    """Relink one output of a component or of the stack, for which no dependencies are recorded.

    `nearest` are the outputs of the resources below the component (for a stack: of every resource); what they can't
    settle is looked for in `every`. As any value equals some output somewhere, a short one is followed only if its key
    is named like the output.
    """
    first = _relink((name,), value, nearest, depends=False)
    if nearest is every or first.conflicts or first.value != value:
        return first
    return _relink((name,), value, every, depends=False)


def _relink(start: PropertyPath, value: Value, table: OutputTable, *, depends: bool) -> Relinked:
    """`depends`: whether the value is recorded to depend on what the table holds, so that equality is no
    coincidence."""
    if not table.changed:
        return Relinked(value)
    conflicts: list[Conflict] = []
    doubts: list[Conflict] = []

    def visit(item: Value, path: PropertyPath) -> Value:
        kind = signature(item)
        if kind in (SECRET, OUTPUT_VALUE):
            return {**item, "value": visit(item.get("value", UNKNOWN), path)}
        if kind in (ASSET, ARCHIVE):
            return item
        if kind == RESOURCE_REFERENCE:
            return _reference(item, table)
        if isinstance(item, dict):
            return {key: visit(part, (*path, key)) for key, part in item.items()}
        if isinstance(item, list):
            return [visit(part, (*path, index)) for index, part in enumerate(item)]
        return scalar(item, path)

    def scalar(item: Value, path: PropertyPath) -> Value:
        if isinstance(item, bool) or not isinstance(item, str | int | float):
            return item
        candidates = table.by_recorded.get(item, ()) or (table.by_text.get(item, ()) if isinstance(item, str) else ())
        if any(candidate.changed for candidate in candidates):
            return chosen(item, path, candidates)
        if candidates or not isinstance(item, str) or len(item) < SHORTEST_EMBEDDED or table.embedded is None:
            return item
        return embedded(item, path, table.embedded)

    def chosen(item: Value, path: PropertyPath, candidates: Sequence[LiveOutput]) -> Value:
        certain = (depends and path == start) or _is_long(item)
        alike = [candidate for candidate in candidates if _named_alike(path, candidate.name)]
        considered = candidates if certain and len(_live_values(candidates)) == 1 else alike
        if not considered:
            unclear = Conflict(path, f"may or may not come from {_listed(candidates)}, which changed")
            (conflicts if depends else doubts).append(unclear)
            return item
        if len(_live_values(considered)) > 1:
            considered = [output for output in considered if _resource_named_in(path, output)] or considered
        values = _live_values(considered)
        if len(values) > 1:
            differ = "which may differ once they are made" if _any_unknown(considered) else "which differ now"
            conflicts.append(Conflict(path, f"may come from any of {_listed(considered)}, {differ}"))
            return item
        return settled(item, path, considered)

    def settled(item: Value, path: PropertyPath, candidates: Sequence[LiveOutput]) -> Value:
        if _any_unknown(candidates):
            return UNKNOWN
        if candidates[0].live is None:
            conflicts.append(Conflict(path, f"comes from {_listed(candidates)}, which is gone"))
            return item
        live = candidates[0].live
        return written(live) if isinstance(item, str) and not isinstance(live, str) else live

    def embedded(item: str, path: PropertyPath, pattern: re.Pattern[str]) -> Value:
        unknown = False

        def live(match: re.Match[str]) -> str:
            nonlocal unknown
            candidates = table.by_recorded[match.group()]
            if not any(candidate.changed for candidate in candidates):
                return match.group()
            values = _live_values(candidates)
            if len(values) > 1:
                conflicts.append(
                    Conflict(path, f"holds what may come from any of {_listed(candidates)}, which differ now")
                )
                return match.group()
            replacement = settled(match.group(), path, candidates)
            unknown = unknown or replacement == UNKNOWN
            return str(replacement)

        replaced = pattern.sub(live, item)
        return UNKNOWN if unknown else replaced

    relinked = visit(value, start)
    return Relinked(relinked, tuple(conflicts), tuple(doubts))


def written(recorded: str | float) -> str:
    """As a program or a provider writes it into a text: numbers of the protocol are doubles."""
    return str(int(recorded)) if isinstance(recorded, float) and recorded.is_integer() else str(recorded)


def _reference(item: Value, table: OutputTable) -> Value:
    """A resource reference names its resource, so its live id needs no search."""
    for output in table.outputs:
        if output.urn == item.get("urn") and output.path == ("id",) and output.live is not None:
            return {**item, "id": output.live}
    return item


def _live_values(outputs: Sequence[LiveOutput]) -> set[str]:
    """The different live values, those a preview can't say included.

    Of one resource's outputs, what isn't known yet counts as what is (a bucket's `bucketRegion` as its `region`). Of
    several resources', two that aren't known yet are one value only if they are long, as equality is no coincidence
    then, or if one repeats an input: two first versions, "1" and "1", may come out as 2 and 3.
    """
    said = {output.urn for output in outputs if output.live != UNKNOWN}
    known = {repr(output.live) for output in outputs if output.live != UNKNOWN}
    unknown = [output for output in outputs if output.live == UNKNOWN and output.urn not in said]
    origins = [output for output in unknown if not output.passed_through] or unknown
    return known | {f"{UNKNOWN} {'' if _is_long(output.recorded) else output.urn}" for output in origins}


def _any_unknown(outputs: Iterable[LiveOutput]) -> bool:
    return any(output.live == UNKNOWN for output in outputs)


def _is_long(value: Value) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) >= SHORTEST_EMBEDDED


def _named_alike(path: PropertyPath, output_name: str) -> bool:
    keys = [step for step in path if isinstance(step, str)]
    return bool(keys and output_name) and _plain(keys[-1]).endswith(_plain(output_name))


def _resource_named_in(path: PropertyPath, output: LiveOutput) -> bool:
    keys = [step for step in path if isinstance(step, str)]
    return bool(keys) and _plain(output.urn.rpartition("::")[2]) in _plain(keys[-1])


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _listed(outputs: Sequence[LiveOutput]) -> str:
    return ", ".join(sorted({f"{path_text(output.path)} of {output.urn}" for output in outputs}))
