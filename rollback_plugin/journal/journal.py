"""A stack's journal, in a store."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from rollback_plugin.errors import BrokenChain, ObjectExists, ObjectMissing, WriteConflict
from rollback_plugin.journal.chain import StoredEntry, canonical_bytes, checked, sha256_of
from rollback_plugin.journal.entries import Entry, Event
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore

_ATTEMPTS = 64
"""How often `append_next` tries. Each lost attempt means that somebody else's entry was written, so this many writers
can meet before one of them gives up."""

_ENTRY_NAME = re.compile(r"(\d{8})\.json")


class EntryListener(Protocol):
    """Who wants to hear of entries. Called on the thread that read or wrote them, so it neither waits nor raises."""

    def __call__(self, entry: Entry, *, written_here: bool) -> None:
        """`written_here` says that it is this process' own work, and not what others, or one before it, did."""
        ...


def ignore_entry(entry: Entry, *, written_here: bool) -> None:
    """For who reads a journal and tells nobody."""


class Journal:
    """The entries of one stack: `stacks/<project>/<stack>/journal/<8-digit sequence>.json`, from 1, without a gap.

    Entries never change, so those that were read and checked once are kept, and only later ones are asked for: with
    nothing new that is one list request.
    """

    def __init__(
        self,
        store: ObjectStore,
        stack: StackName,
        clock: Callable[[], datetime],
        actor: str,
        on_entry: EntryListener = ignore_entry,
    ) -> None:
        """`actor` is who writes: `user@host:pid`. `clock` gives aware times. `on_entry` hears of every entry once, in
        order, as soon as it is known here, whoever wrote it."""
        self._store = store
        self._prefix = f"stacks/{stack.project}/{stack.stack}/journal/"
        self._clock = clock
        self._actor = actor
        self._read: tuple[StoredEntry, ...] = ()
        self._on_entry = on_entry
        self._found: int | None = None
        """How many entries there were at the first look."""
        self._told = 0
        self._telling = threading.RLock()
        """Ways back are worked out on another thread, which reads the journal too."""
        self._moments = 0
        self._asked = False

    def entries(self) -> tuple[Entry, ...]:
        """Every entry, checked. Raises `BrokenChain`, naming the key and what is wrong with it, and the store's
        errors."""
        if not (self._moments and self._asked):
            self._refreshed()
            self._asked = True
        return tuple(stored.entry for stored in self._read)

    @contextmanager
    def read_once(self) -> Iterator[None]:
        """Within it, `entries` asks the store the first time only: what is looked at belongs to one moment, and costs
        one request. What is written here is seen, and once a write was lost to somebody else's, the store is asked
        again."""
        self._asked = self._asked and self._moments > 0
        self._moments += 1
        try:
            yield
        finally:
            self._moments -= 1

    def append(self, event: Event, *, after: int) -> Entry:
        """Write `event` as entry `after + 1`, for a decision taken on exactly the entries up to `after`.

        Raises `WriteConflict` when the journal has moved on: of several writers on the same `after`, one succeeds.
        """
        known = self._read if len(self._read) == after else self._refreshed()
        if len(known) != after:
            self._asked = False
            raise self._conflict(after, f"the journal has {len(known)} entries")
        entry = Entry(
            sequence=after + 1,
            time=self._clock(),
            actor=self._actor,
            previous=known[-1].sha256 if known else "",
            event=event,
        )
        data = canonical_bytes(entry)
        try:
            self._store.create(self._key(entry.sequence), data)
        except ObjectExists:
            self._asked = False
            raise self._conflict(after, "somebody else wrote the next one first") from None
        self._keep((*known, StoredEntry(entry, sha256_of(data))), found=len(known))
        return entry

    def append_next(self, event: Event) -> Entry:
        """Write `event` after whatever the journal holds by now, for facts that hold whatever else happened.

        Raises `WriteConflict` only when 64 others came first, one after the other.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self.append(event, after=len(self._refreshed()))
            except WriteConflict:
                continue
        return self.append(event, after=len(self._refreshed()))

    def _refreshed(self) -> tuple[StoredEntry, ...]:
        """What is known, and everything written since."""
        known = list(self._read)
        after = self._key(len(known)) if known else ""
        for key in self._store.list(self._prefix, after=after):
            name = _ENTRY_NAME.fullmatch(key.removeprefix(self._prefix))
            if name is None:
                # Nothing of the journal: an editor's backup, a file the backend keeps beside its objects.
                continue
            sequence = len(known) + 1
            if int(name[1]) != sequence:
                raise self._missing(self._key(sequence), key)
            known.append(
                checked(self._entry_bytes(key), key=key, sequence=sequence, previous=known[-1].sha256 if known else "")
            )
        self._keep(tuple(known), found=len(known))
        return tuple(known)

    def _keep(self, entries: tuple[StoredEntry, ...], found: int) -> None:
        with self._telling:
            self._read = entries
            if self._found is None:
                self._found = found
            news, self._told = entries[self._told :], max(self._told, len(entries))
            for entry in (stored.entry for stored in news):
                own = entry.sequence > self._found and entry.actor == self._actor
                self._on_entry(entry, written_here=own)

    def _entry_bytes(self, key: str) -> bytes:
        try:
            return self._store.read(key)
        except ObjectMissing:
            raise self._missing(key, key) from None

    def _key(self, sequence: int) -> str:
        return f"{self._prefix}{sequence:08d}.json"

    def _missing(self, key: str, found: str) -> BrokenChain:
        return BrokenChain(
            f"The journal entry {key} is missing from {self._store.location}, though {found} was listed: somebody "
            "removed it. Bring it back from a backup of the store; nothing is decided on this journal until then."
        )

    def _conflict(self, after: int, found: str) -> WriteConflict:
        return WriteConflict(
            f"Entry {after + 1} of the journal {self._store.location}/{self._prefix} can't be written: {found}. "
            "Another process works on this stack; read its status again."
        )
