"""A compacted journal: the facts after an entry, as bytes. Derived from the entries, and made anew from them at any
time.

It is a row of zstandard frames, a line in each (`zstd -dc` shows them). The first has two: the sha256 of all that
follows it, the other line and the frames; and a head, which says the format, the entry (sequence and sha256 of its
stored bytes), the small facts, and of each page of the large ones its first key, how many items it has, and how many
bytes its frame. Each frame after it is such a page, an array of keys with their items. Whoever reads it unpacks and
parses the pages that it needs, so a status takes a few of them however many years there are.

`FORMAT` is raised when the same entries come to other facts, or to the same ones in another form, or when there are new
kinds of entries: a plugin believes its own format only, and reads the entries where it finds another. A test holds it
against what a journal with all kinds comes to.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import GenericAlias
from typing import Any, get_args, get_origin, get_type_hints

import zstandard
from pydantic import TypeAdapter

from rollback_plugin.errors import UnusableCompaction
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.paged import Page, Paged

FORMAT = 1
COMPRESSION_LEVEL = 3


@dataclass(frozen=True, slots=True)
class CompactedJournal:
    """What the entries up to one of them said."""

    sequence: int
    sha256: str
    """Of the stored bytes of the entry with that sequence."""
    facts: Facts


class OtherFormat(UnusableCompaction):
    """It was made by another version of this plugin."""


def to_bytes(compacted: CompactedJournal) -> bytes:
    """The bytes to be stored. Only pages that are new since the last time are made."""
    frames: list[bytes] = []
    small: dict[str, Any] = {}
    index: dict[str, list[list[Any]]] = {}
    for name, adapter in _adapters().items():
        value = getattr(compacted.facts, name)
        if not isinstance(value, Paged):
            small[name] = adapter.dump_python(value, mode="json")
            continue
        made = [_frame(page, adapter) for page in value.pages]
        firsts = [_keys()[name].dump_python(page.first, mode="json") for page in value.pages]
        index[name] = [
            [first, page.count, len(frame)] for first, page, frame in zip(firsts, value.pages, made, strict=True)
        ]
        frames += made
    head = {
        "format": FORMAT,
        "sequence": compacted.sequence,
        "sha256": compacted.sha256,
        "facts": small,
        "pages": index,
    }
    line, body = json.dumps(head, ensure_ascii=False).encode(), b"".join(frames)
    return _packed(_sha256(line, body) + b"\n" + line) + body


def from_bytes(data: bytes, key: str) -> CompactedJournal:
    """What `to_bytes` made them from. Raises `UnusableCompaction`, saying what is wrong with them and naming their
    `key`; `OtherFormat` for those of another format. So does a page that is asked for and isn't one: the hash holds, so
    somebody made it that way."""
    opening = zstandard.ZstdDecompressor().decompressobj()
    try:
        sha256, _, line = opening.decompress(data).partition(b"\n")
    except zstandard.ZstdError as error:
        raise _unusable(key, f"it can't be unpacked ({error})") from None
    line, body = line.removesuffix(b"\n"), opening.unused_data
    if _sha256(line, body) != sha256:
        raise _unusable(key, "it isn't what its own hash says")
    try:
        head = json.loads(line)
        if head["format"] != FORMAT:
            raise OtherFormat(
                f"The compacted journal {key} has the format {head['format']}, and this plugin reads {FORMAT}. It is "
                "left to the plugins that made it."
            )
        facts = _facts(head["facts"], head["pages"], body, key)
        return CompactedJournal(int(head["sequence"]), str(head["sha256"]), facts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Whole, and yet nothing that this plugin made; what it holds is not to be quoted.
        raise _unusable(key, f"it can't be read ({type(error).__name__})") from None


def _facts(small: Mapping[str, Any], index: Mapping[str, Any], body: bytes, key: str) -> Facts:
    read: dict[str, Any] = {}
    begin = 0
    for name, adapter in _adapters().items():
        if name not in index:
            read[name] = adapter.validate_python(small[name])
            continue
        pages = []
        for first, count, length in index[name]:
            frame = body[begin : begin + length]
            pages.append(Page(_keys()[name].validate_python(first), count, frame, _parser(adapter, key)))
            begin += length
        read[name] = Paged(tuple(pages))
    return Facts(**read)


def _parser(adapter: TypeAdapter[Any], key: str) -> Callable[[bytes], Mapping[Any, Any]]:
    def parsed(frame: bytes) -> Mapping[Any, Any]:
        try:
            return dict(adapter.validate_json(zstandard.ZstdDecompressor().decompress(frame)))
        except (ValueError, zstandard.ZstdError) as error:
            raise _unusable(key, f"a page of it can't be read ({type(error).__name__})") from None

    return parsed


def _frame(page: Page[Any, Any], adapter: TypeAdapter[Any]) -> bytes:
    if page.raw is None:
        # Pages never change: the next compacted journal takes it as it is.
        page.raw = _packed(adapter.dump_json(list(page.items.items())))
    return page.raw


def _packed(line: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(line + b"\n")


@cache
def _adapters() -> Mapping[str, TypeAdapter[Any]]:
    """By field of the facts, how it is parsed and dumped; of paged ones, a page."""
    hints = get_type_hints(Facts)
    return {field.name: _adapter(hints[field.name]) for field in fields(Facts)}


def _adapter(hint: Any) -> TypeAdapter[Any]:
    if get_origin(hint) is Paged:
        pairs: Any = GenericAlias(list, (GenericAlias(tuple, get_args(hint)),))
        return TypeAdapter(pairs)
    return TypeAdapter(hint)


@cache
def _keys() -> Mapping[str, TypeAdapter[Any]]:
    """By paged field of the facts, how its keys are."""
    hints = get_type_hints(Facts)
    return {name: TypeAdapter(get_args(hint)[0]) for name, hint in hints.items() if get_origin(hint) is Paged}


def _sha256(*parts: bytes) -> bytes:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return hashed.hexdigest().encode()


def _unusable(key: str, found: str) -> UnusableCompaction:
    return UnusableCompaction(
        f"The compacted journal {key} can't be used: {found}. Remove it: nothing is lost, it is made anew from the "
        "journal's entries."
    )
