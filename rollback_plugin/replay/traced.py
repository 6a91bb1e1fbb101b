"""Relinks a property of which it is known what the program put into it."""

from collections.abc import Callable

from rollback_plugin.replay.links import Source, Traced, Traces
from rollback_plugin.replay.property_values import (
    OUTPUT_VALUE,
    SECRET,
    UNKNOWN,
    PropertyPath,
    Value,
    path_text,
    secret,
    signature,
    unwrapped,
)
from rollback_plugin.replay.relink import Conflict, OutputTable, Relinked, relink_at
from rollback_plugin.replay.secrecy import as_secret_as_live
from rollback_plugin.replay.unaccounted import unaccounted


def relink_traced(
    name: str,
    value: Value,
    traces: Traces,
    live: Callable[[Source], Value],
    table: Callable[[frozenset[str]], OutputTable],
) -> Relinked:
    """Relink one property whose outputs are known.

    Args:
        live: an output as it is now; `UNKNOWN` where a preview can't say, None where it is gone.
        table: the outputs of the resources with these URNs.
    """
    conflicts: list[Conflict] = []

    def visit(item: Value, path: PropertyPath, *, hidden: bool) -> Value:
        traced = traces.get(path)
        if traced is not None:
            return followed(item, path, traced, hidden=hidden)
        kind = signature(item)
        if kind in (SECRET, OUTPUT_VALUE):
            return {**item, "value": visit(item.get("value", UNKNOWN), path, hidden=hidden or kind == SECRET)}
        if kind is None and isinstance(item, dict):
            return {key: visit(part, (*path, key), hidden=hidden) for key, part in item.items()}
        if isinstance(item, list):
            return [visit(part, (*path, index), hidden=hidden) for index, part in enumerate(item)]
        return item

    def followed(item: Value, path: PropertyPath, traced: Traced, *, hidden: bool) -> Value:
        if traced.source is None:
            outputs = table(traced.depends)
            relinked = relink_at(path, item, outputs)
            conflicts.extend(relinked.conflicts or unaccounted(path, item, outputs))
            return relinked.value if hidden else as_secret_as_live(relinked.value, outputs)
        now = live(traced.source)
        if now is None:
            gone = f"comes from {path_text(traced.source.path)} of {traced.source.urn}, which is gone"
            conflicts.append(Conflict(path, gone))
            return item
        if signature(item) == SECRET:
            return secret(unwrapped(now))
        return unwrapped(now) if hidden else now

    relinked = visit(value, (name,), hidden=False)
    return Relinked(relinked, tuple(conflicts))
