"""What relinking can't have followed, although the value is known to be worked out from outputs that changed.

A program may do anything to an output before it puts it somewhere. What comes of it is followed where the output can be
seen in it. Where it can't, the recorded value may be wrong by now, and nobody knows the right one: a refusal, not a
guess.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rollback_plugin.replay.property_values import PropertyPath, Value, leaves, path_text
from rollback_plugin.replay.relink import SHORTEST_EMBEDDED, Conflict, LiveOutput, OutputTable, written


def unaccounted(path: PropertyPath, value: Value, table: OutputTable) -> tuple[Conflict, ...]:
    """What of a recorded value may come from changed outputs in a way that relinking doesn't see.

    Args:
        path: where the value stands.
        value: as recorded.
        table: the outputs of the resources that it is known to be worked out from.
    """
    if not table.changed:
        return ()
    return (*_too_short_to_be_seen(path, value, table), *_not_to_be_seen(path, value, table))


def _too_short_to_be_seen(start: PropertyPath, value: Value, table: OutputTable) -> Iterator[Conflict]:
    """Texts that hold an output that changed but is too short to be told from chance: the "1" in "v1"."""
    for path, text in leaves(value, start):
        if not isinstance(text, str) or text in table.by_recorded or text in table.by_text:
            continue
        rest = table.embedded.sub("", text) if table.embedded else text
        for output in table.outputs:
            if output.changed and _stands_in(output, rest):
                yield Conflict(path, f"may hold {path_text(output.path)} of {output.urn}, which changed")


def _not_to_be_seen(start: PropertyPath, value: Value, table: OutputTable) -> Iterator[Conflict]:
    """Values in which nothing is to be seen of a resource that was made anew, or whose given values changed: a hash, a
    part, another spelling of one of its outputs."""
    found = [leaf for _, leaf in leaves(value, start)]
    for urn, outputs in _by_resource(table).items():
        if _renewed(outputs) and not any(_seen_in(output, found) for output in outputs):
            yield Conflict(start, f"was worked out from {urn}, which changed, in a way that can't be seen from it")


def _by_resource(table: OutputTable) -> Mapping[str, Sequence[LiveOutput]]:
    found: dict[str, list[LiveOutput]] = defaultdict(list)
    for output in table.outputs:
        found[output.urn].append(output)
    return found


def _renewed(outputs: Sequence[LiveOutput]) -> bool:
    return any(output.changed and (output.path == ("id",) or output.passed_through) for output in outputs)


def _seen_in(output: LiveOutput, values: Sequence[Value]) -> bool:
    recorded = output.recorded
    if isinstance(recorded, str) and len(recorded) >= SHORTEST_EMBEDDED:
        return any(isinstance(value, str) and recorded in value for value in values)
    return any(value == recorded or (isinstance(value, str) and _stands_in(output, value)) for value in values)


def _stands_in(output: LiveOutput, text: str) -> bool:
    """Whether a text holds the output by itself: a number doesn't begin inside another number, nor a word inside
    another word."""
    text_of_it = written(output.recorded)
    same_kind = r"\d" if text_of_it.isdigit() else r"[^\W\d]"
    return re.search(rf"(?<!{same_kind}){re.escape(text_of_it)}(?!{same_kind})", text) is not None
