"""How entries are written as bytes, and how a row of them is checked.

Each entry carries the sha256 of the stored bytes of the one before, so none can be changed, removed or put in between
without every later one showing it. (The last entry of all is covered by nothing yet.)
"""

import hashlib
import json

from msgspec import Struct

from rollback_plugin.errors import BrokenChain
from rollback_plugin.journal.entries import Entry
from rollback_plugin.stored import Misfit, plain, read


class StoredEntry(Struct, frozen=True):
    """An entry, and the hash that the next one must carry."""

    entry: Entry
    sha256: str


def canonical_bytes(entry: Entry) -> bytes:
    """The entry as JSON: sorted keys, two spaces, UTF-8 as it is, a newline at the end; the same on every machine."""
    document = plain(entry)
    return (json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sha256_of(data: bytes) -> str:
    """Hash of stored bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def checked(data: bytes, *, key: str, sequence: int, previous: str) -> StoredEntry:
    """The entry in `data`, as number `sequence` after the entry whose hash is `previous`.

    Raises `BrokenChain`, naming `key`, when it isn't that.
    """
    entry = _parsed(data, key)
    if entry.sequence != sequence:
        raise BrokenChain(
            f"The journal entry {key} says it is number {entry.sequence}, so it was moved or copied. Bring the "
            "original back from a backup of the store; nothing is decided on this journal until then."
        )
    if entry.previous != previous:
        before = f"entry {sequence - 1} is {previous}" if previous else "it should be the first"
        raise BrokenChain(
            f"The journal entry {key} follows an entry with the hash {entry.previous or '(none)'}, but {before}: one "
            "of the two was changed after it was written. Bring the originals back from a backup of the store; "
            "nothing is decided on this journal until then."
        )
    return StoredEntry(entry, sha256_of(data))


def anchored(data: bytes, *, key: str, sha256: str) -> StoredEntry:
    """The entry in `data`, whose hash is known from elsewhere: a compacted journal, or the entry after it.

    Raises `BrokenChain`, naming `key`, when it isn't that one.
    """
    if sha256_of(data) != sha256:
        raise BrokenChain(
            f"The journal entry {key} isn't the one with the hash {sha256} that a later one, or a compacted journal, "
            "follows: one of the two was changed after it was written. Bring the originals back from a backup of the "
            "store; nothing is decided on this journal until then."
        )
    return StoredEntry(_parsed(data, key), sha256)


def _parsed(data: bytes, key: str) -> Entry:
    try:
        return read(data, Entry)
    except Misfit as misfit:
        if misfit.of_a_newer_plugin:
            raise BrokenChain(
                f"The journal entry {key} was written by a newer rollback-plugin ({misfit}). Upgrade this one: pip "
                "install --upgrade rollback-plugin."
            ) from None
        raise BrokenChain(
            f"The journal entry {key} can't be read as one ({misfit}): it was changed or cut short. Bring the original "
            "back from a backup of the store; nothing is decided on this journal until then."
        ) from None
