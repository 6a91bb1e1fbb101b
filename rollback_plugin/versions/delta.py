"""ΔS: how the lines of one checkpoint become those of another.

As text, a line for each step: `[start,count]` takes lines of the checkpoint before, from index `start` on; anything
else is a new line, as it is. A checkpoint's lines are JSON objects, so the two can't be taken for each other, and a
delta from nothing is the checkpoint itself.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollback_plugin.errors import DamagedSnapshot


@dataclass(frozen=True, slots=True)
class Kept:
    """`count` lines of the checkpoint before, from index `start` on."""

    start: int
    count: int


Delta = tuple[Kept | bytes, ...]


def difference(before: Sequence[bytes], after: Sequence[bytes]) -> Delta:
    """The delta with `apply(before, difference(before, after)) == after`."""
    place = {line: index for index, line in reversed(list(enumerate(before)))}
    steps: list[Kept | bytes] = []
    for line in after:
        last = steps[-1] if steps else None
        following = last.start + last.count if isinstance(last, Kept) else len(before)
        if isinstance(last, Kept) and following < len(before) and before[following] == line:
            steps[-1] = Kept(last.start, last.count + 1)
        elif line in place:
            steps.append(Kept(place[line], 1))
        else:
            steps.append(line)
    return tuple(steps)


def apply(before: Sequence[bytes], delta: Delta) -> tuple[bytes, ...]:
    """The lines after `delta`. Raises `DamagedSnapshot` where it refers to lines that are not there."""
    return tuple(_lines(before, delta))


def _lines(before: Sequence[bytes], delta: Delta) -> Iterator[bytes]:
    for step in delta:
        if not isinstance(step, Kept):
            yield step
        elif step.start >= 0 and step.start + step.count <= len(before):
            yield from before[step.start : step.start + step.count]
        else:
            raise _damaged(f"it takes lines {step.start} to {step.start + step.count} of {len(before)}")


def to_text(delta: Delta) -> bytes:
    """The delta as it is kept."""
    return b"".join(
        (f"[{step.start},{step.count}]".encode() if isinstance(step, Kept) else step) + b"\n" for step in delta
    )


def from_text(text: bytes) -> Delta:
    """The delta that `to_text` wrote. Raises `DamagedSnapshot`."""
    *lines, end = text.split(b"\n")
    if end:
        raise _damaged("its last line is cut short")
    return tuple(_kept(line) if line.startswith(b"[") else line for line in lines)


def _kept(line: bytes) -> Kept:
    try:
        start, count = json.loads(line)
    except ValueError:
        raise _damaged("a line of it says neither what is kept nor what is new") from None
    return Kept(start, count)


def _damaged(found: str) -> DamagedSnapshot:
    return DamagedSnapshot(
        f"A snapshot's difference to the one it is based on can't be read: {found}. Restore the store from a backup, or"
        " choose another version."
    )
