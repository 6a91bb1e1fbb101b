"""Compacted journals in a store: `stacks/<project>/<stack>/journal-compacted/<8-digit sequence>.jsonl.zst`.

The journal is its entries, and stays so: what is here is derived from them, and may be deleted at any time. Nobody
waits for it to be written, and nobody fails where it can't be. It is believed only where its own hash holds and the
stored entry that it follows has the hash it says; what was changed before that entry shows when all entries are read,
as `rollback verify` does.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from rollback_plugin.errors import JournalError, ObjectMissing, StoreError, UnusableCompaction
from rollback_plugin.journal.apply import facts_of
from rollback_plugin.journal.chain import StoredEntry, anchored
from rollback_plugin.journal.compacted import CompactedJournal, OtherFormat, from_bytes, to_bytes
from rollback_plugin.journal.facts import Facts
from rollback_plugin.store import ObjectStore

ENTRIES_BETWEEN = 250
"""Entries that follow a compacted journal until the next is due: what a reader reads one by one, at most."""
KEPT = 2
"""The newest, and one in case that can't be used."""

_NAME = re.compile(r"(\d{8})\.jsonl\.zst")


def in_a_thread(work: Callable[[], None]) -> None:
    """Beside everything else. A process that ends waits for it: otherwise short ones would never get it done."""
    threading.Thread(target=work, name="compact-journal").start()


class Compaction:
    """The compacted journals of one stack."""

    def __init__(
        self,
        store: ObjectStore,
        prefix: str,
        entry_key: Callable[[int], str],
        beside: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        """`prefix` ends in a slash; `entry_key` says where an entry is; `beside` runs what nobody waits for."""
        self._store = store
        self._prefix = prefix
        self._entry_key = entry_key
        self._beside = beside
        self._newest = 0
        """Sequence of the newest that is known."""
        self._unusable: set[str] = set()
        self._under_way = threading.Lock()

    def newest(self) -> tuple[StoredEntry, Facts] | None:
        """The facts of the newest compacted journal that can be believed, and the entry that it follows; None where
        there is none. Raises nothing: then the entries say all."""
        with suppress(StoreError):
            for key in reversed(self._keys()):
                try:
                    found = self._read(key)
                except (JournalError, StoreError):
                    continue
                self._newest = found[1].entries_seen
                return found
        return None

    def offer(self, sequence: int, sha256: str, facts: Facts, then: Callable[[], None]) -> None:
        """Called with each entry that was written here. Writes a compacted journal beside it once one is due; calls
        `then` when that is stored. Raises nothing."""
        if sequence - self._newest < ENTRIES_BETWEEN or not self._under_way.acquire(blocking=False):
            return

        def work() -> None:
            try:
                self._write(CompactedJournal(sequence, sha256, facts))
                then()
            except (StoreError, JournalError):
                # Whoever appends next tries again; where it exists by now, it finds that.
                return
            finally:
                self._under_way.release()

        self._beside(work)

    def problems(self, entries: Sequence[StoredEntry]) -> Iterator[str]:
        """What compacted journals say that the entries, all of them, don't. Raises the store's errors."""
        taken = iter(entries)
        facts = Facts()
        for key in self._keys():
            try:
                compacted = self._opened(key)
                facts = facts_of(
                    (each.entry for each in islice(taken, max(compacted.sequence - facts.entries_seen, 0))), facts
                )
                follows = 0 < compacted.sequence <= len(entries)
                if not follows or entries[compacted.sequence - 1].sha256 != compacted.sha256:
                    yield _says_otherwise(
                        key, f"it follows an entry {compacted.sequence} that the journal doesn't have"
                    )
                elif compacted.facts != facts:
                    yield _says_otherwise(key, "the entries come to other facts")
            except OtherFormat:
                continue
            except UnusableCompaction as error:
                yield str(error)

    def _read(self, key: str) -> tuple[StoredEntry, Facts]:
        try:
            compacted = self._opened(key)
            where = self._entry_key(compacted.sequence)
            return anchored(self._store.read(where), key=where, sha256=compacted.sha256), compacted.facts
        except OtherFormat:
            raise
        except (JournalError, ObjectMissing):
            self._unusable.add(key)
            raise

    def _opened(self, key: str) -> CompactedJournal:
        compacted = from_bytes(self._store.read(key), key)
        if not self._key(compacted.sequence) == self._key(compacted.facts.entries_seen) == key:
            raise UnusableCompaction(_says_otherwise(key, f"what it holds follows entry {compacted.sequence}"))
        return compacted

    def _write(self, compacted: CompactedJournal) -> None:
        usable = [key for key in self._keys() if key not in self._unusable]
        near = (compacted.sequence - ENTRIES_BETWEEN, compacted.sequence + ENTRIES_BETWEEN)
        if any(self._key(near[0]) < key < self._key(near[1]) for key in usable):
            # Another process was faster.
            self._newest = compacted.sequence
            return
        self._store.create(self._key(compacted.sequence), to_bytes(compacted))
        self._newest = compacted.sequence
        keys = self._keys()
        usable = [key for key in keys if key not in self._unusable]
        for key in keys:
            if key not in usable[-KEPT:]:
                self._store.delete(key)

    def _keys(self) -> list[str]:
        """In the order of the entries that they follow."""
        keys = self._store.list(self._prefix)
        return [key for key in keys if _NAME.fullmatch(key.removeprefix(self._prefix))]

    def _key(self, sequence: int) -> str:
        return f"{self._prefix}{sequence:08d}.jsonl.zst"


def _says_otherwise(key: str, found: str) -> str:
    return (
        f"The compacted journal {key} isn't what the journal says: {found}. Remove it: nothing is lost, it is made "
        "anew from the journal's entries."
    )
