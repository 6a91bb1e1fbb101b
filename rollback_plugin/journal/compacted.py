"""A compacted journal: the facts after an entry, as bytes. Derived from the entries, and made anew from them at any
time.

It is a row of zstandard frames, a line in each (`zstd -dc` shows them). The first has two: the sha256 of all that
follows it, the other line and the frames; and a head, which says the format, the entry (sequence and sha256 of its
stored bytes), the small facts, and of each page of the large ones its first key, how many items it has, and how many
bytes its frame. Facts that nothing was said of are left out. Each frame after it is such a page, an array of keys with
their items. Whoever reads it unpacks and parses the pages that it needs, so a status takes a few of them however many
years there are.

`FORMAT` is raised when the same entries come to other facts, or to the same ones in another form, or when there are new
kinds of entries: a plugin believes its own format only, and reads the entries where it finds another. A test holds it
against what a journal with all kinds comes to.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec
import zstandard

from rollback_plugin.errors import UnusableCompaction
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.paged import Page, Paged

FORMAT = 2
COMPRESSION_LEVEL = 3
_NOTHING_SAID = Facts()


class CompactedJournal(msgspec.Struct, frozen=True):
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
    for name in _hints():
        value = getattr(compacted.facts, name)
        if not isinstance(value, Paged):
            if value != getattr(_NOTHING_SAID, name):
                small[name] = msgspec.to_builtins(value)
            continue
        if not value.pages:
            continue
        made = [_frame(page) for page in value.pages]
        firsts = [msgspec.to_builtins(page.first) for page in value.pages]
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
    read: dict[str, Any] = {name: msgspec.convert(value, _hints()[name]) for name, value in small.items()}
    begin = 0
    for name, listed in index.items():
        pages = []
        key_type, _ = get_args(_hints()[name])
        for first, count, length in listed:
            frame = body[begin : begin + length]
            pages.append(Page(msgspec.convert(first, key_type), count, frame, _parser(name, key)))
            begin += length
        read[name] = Paged(tuple(pages))
    return Facts(**read)


def _parser(name: str, key: str) -> Callable[[bytes], Mapping[Any, Any]]:
    def parsed(frame: bytes) -> Mapping[Any, Any]:
        try:
            return dict(_decoder(name).decode(zstandard.ZstdDecompressor().decompress(frame)))
        except (ValueError, zstandard.ZstdError) as error:
            raise _unusable(key, f"a page of it can't be read ({type(error).__name__})") from None

    return parsed


def _frame(page: Page[Any, Any]) -> bytes:
    if page.raw is None:
        # Pages never change: the next compacted journal takes it as it is.
        page.raw = _packed(msgspec.json.encode(list(page.items.items())))
    return page.raw


def _packed(line: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(line + b"\n")


@cache
def _hints() -> Mapping[str, Any]:
    """Types by field of the facts, in their order."""
    return get_type_hints(Facts)


@cache
def _decoder(name: str) -> msgspec.json.Decoder[list[tuple[Any, Any]]]:
    """How a page of a paged field of the facts is parsed."""
    key_type, item_type = get_args(_hints()[name])
    pairs: Any = list[tuple[key_type, item_type]]  # type: ignore[valid-type]  # known only when it runs
    return msgspec.json.Decoder(pairs)


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
