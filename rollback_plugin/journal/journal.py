"""A stack's journal, in a store."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Protocol

from msgspec import Struct, field

from rollback_plugin.errors import BrokenChain, ObjectExists, ObjectMissing, WriteConflict
from rollback_plugin.journal.apply import apply
from rollback_plugin.journal.chain import StoredEntry, anchored, canonical_bytes, checked, sha256_of
from rollback_plugin.journal.compaction import ENTRIES_BETWEEN, Compaction, in_a_thread
from rollback_plugin.journal.entries import Entry, Event
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.fold import status_of
from rollback_plugin.journal.status import Status
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore

_ATTEMPTS = 64
"""How often `append_next` tries. Each lost attempt means that somebody else's entry was written, so this many writers
can meet before one of them gives up."""

HEARD_FOR = timedelta(hours=25)
"""Listeners hear of what was written so long before the journal was opened: the news of a day, and an hour for clocks
that differ."""

_ENTRY_NAME = re.compile(r"(\d{8})\.json")


class EntryListener(Protocol):
    """Who wants to hear of entries. Called on the thread that read or wrote them, so it neither waits nor raises."""

    def __call__(self, entry: Entry, *, written_here: bool) -> None:
        """`written_here` says that it is this process' own work, and not what others, or one before it, did."""
        ...


def ignore_entry(entry: Entry, *, written_here: bool) -> None:
    """For who reads a journal and tells nobody."""


class _Known(Struct, frozen=True):
    """What was read and checked: the facts after the last entry, and the last entries themselves."""

    skipped: int = 0
    """How many entries before them aren't in memory."""
    entries: tuple[StoredEntry, ...] = ()
    facts: Facts = field(default_factory=Facts)

    @property
    def count(self) -> int:
        return self.skipped + len(self.entries)

    @property
    def sha256(self) -> str:
        """What the next entry has to carry."""
        return self.entries[-1].sha256 if self.entries else ""

    def followed_by(self, entry: StoredEntry) -> "_Known":
        return _Known(self.skipped, (*self.entries, entry), apply(self.facts, entry.entry))

    def without_before(self, sequence: int) -> "_Known":
        skipped = min(max(self.skipped, sequence - 1), self.count - 1)
        return _Known(skipped, self.entries[skipped - self.skipped :], self.facts)


class Journal:
    """The entries of one stack: `stacks/<project>/<stack>/journal/<8-digit sequence>.json`, from 1, without a gap.

    Entries never change, so what they say is kept once they were read and checked, and only later ones are asked for:
    with nothing new that is one list request. A long journal is opened from what its entries came to (`compaction`),
    and read on from there.
    """

    def __init__(
        self,
        store: ObjectStore,
        stack: StackName,
        clock: Callable[[], datetime],
        actor: str,
        on_entry: EntryListener = ignore_entry,
        beside: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        """`actor` is who writes: `user@host:pid`. `clock` gives aware times. `on_entry` hears of every entry once, in
        order, as soon as it is known here, whoever wrote it; of a long journal, from `HEARD_FOR` ago on, and from the
        start of what is under way or asked. `beside` runs what no entry waits for."""
        self._store = store
        self._prefix = f"stacks/{stack.project}/{stack.stack}/journal/"
        self._clock = clock
        self._actor = actor
        self._known = _Known()
        self._compaction = Compaction(
            store, f"stacks/{stack.project}/{stack.stack}/journal-compacted/", self._key, beside
        )
        self._opened = False
        self._on_entry = on_entry
        self._found: int | None = None
        """How many entries there were at the first look."""
        self._told = 0
        self._telling = threading.RLock()
        """Ways back are worked out on another thread, which reads the journal too."""
        self._moments = 0
        self._asked = False

    def facts(self) -> Facts:
        """What all entries say. Raises `BrokenChain`, naming the key and what is wrong with it, and the store's
        errors."""
        return self._seen().facts

    def status(self, now: datetime) -> Status:
        """The stack's status at `now`. Raises as `facts` does."""
        return status_of(self.facts(), now)

    def entries(self) -> tuple[Entry, ...]:
        """Every entry, checked: of a long journal all are read, each time. Raises as `facts` does."""
        return tuple(stored.entry for stored in self._all())

    def newest_first(self) -> Iterator[Entry]:
        """Entries from the last to the first, for who looks for something recent: those of long ago are read, one by
        one, when they are asked for. Raises as `facts` does."""
        return self._backwards(self._seen())

    def _backwards(self, known: _Known) -> Iterator[Entry]:
        for stored in reversed(known.entries):
            yield stored.entry
        sequence, previous = known.skipped, known.entries[0].entry.previous if known.entries else ""
        while sequence:
            key = self._key(sequence)
            entry = anchored(self._entry_bytes(key), key=key, sha256=previous).entry
            yield entry
            sequence, previous = sequence - 1, entry.previous

    def checked(self) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        """Every entry, and what compacted journals have that these don't say, as sentences. Raises as `facts` does."""
        stored = self._all()
        return tuple(each.entry for each in stored), tuple(self._compaction.problems(stored))

    @contextmanager
    def read_once(self) -> Iterator[None]:
        """Within it, the store is asked for entries the first time only: what is looked at belongs to one moment, and
        costs one request. What is written here is seen, and once a write was lost to somebody else's, the store is
        asked again."""
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
        known = self._known if self._known.count == after else self._refreshed()
        if known.count != after:
            self._asked = False
            raise self._conflict(after, f"the journal has {known.count} entries")
        entry = Entry(
            sequence=after + 1,
            time=self._clock(),
            actor=self._actor,
            previous=known.sha256,
            event=event,
        )
        data = canonical_bytes(entry)
        try:
            self._store.create(self._key(entry.sequence), data)
        except ObjectExists:
            self._asked = False
            raise self._conflict(after, "somebody else wrote the next one first") from None
        stored = StoredEntry(entry, sha256_of(data))
        known = known.followed_by(stored)
        self._keep(known, found=after)
        self._compaction.offer(entry.sequence, stored.sha256, known.facts, self._forget_old)
        return entry

    def append_next(self, event: Event) -> Entry:
        """Write `event` after whatever the journal holds by now, for facts that hold whatever else happened.

        Raises `WriteConflict` only when 64 others came first, one after the other.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self.append(event, after=self._refreshed().count)
            except WriteConflict:
                continue
        return self.append(event, after=self._refreshed().count)

    def _seen(self) -> _Known:
        if not (self._moments and self._asked):
            known = self._refreshed()
            self._asked = True
            return known
        return self._known

    def _refreshed(self) -> _Known:
        """What is known, and everything written since."""
        with self._telling:
            if not self._opened:
                self._open()
        known = self._read_on(self._known)
        self._keep(known, found=known.count)
        return known

    def _open(self) -> None:
        """Take what a compacted journal has, where there is one, and have listeners hear what they need of it."""
        found = None if self._known.count else self._compaction.newest()
        if found is not None:
            entry, facts = found
            known = _Known(entry.entry.sequence - 1, (entry,), facts)
            since = _heard_since(facts, self._clock())
            recent = takewhile(lambda each: each.time >= since, self._backwards(known))
            # All are read before the first is told of: a broken chain is one for listeners, too.
            for heard in () if self._on_entry is ignore_entry else tuple(recent)[::-1]:
                self._on_entry(heard, written_here=False)
            self._known, self._told = known, known.count
        self._opened = True

    def _all(self) -> tuple[StoredEntry, ...]:
        known = self._seen()
        if not known.skipped:
            return known.entries
        stored = self._read_on(_Known()).entries
        if len(stored) < known.count:
            raise self._missing(self._key(len(stored) + 1), self._key(known.count))
        if stored[known.count - 1].sha256 != known.sha256:
            raise BrokenChain(
                f"The journal entry {self._key(known.count)} isn't the one that was read before: the journal was "
                "written anew. Bring the originals back from a backup of the store; nothing is decided on this journal "
                "until then."
            )
        return stored

    def _read_on(self, known: _Known) -> _Known:
        """That, and all that follows it in the store."""
        entries, facts = list(known.entries), known.facts
        previous = known.sha256
        for key in self._store.list(self._prefix, after=self._key(known.count) if known.count else ""):
            name = _ENTRY_NAME.fullmatch(key.removeprefix(self._prefix))
            if name is None:
                # Nothing of the journal: an editor's backup, a file the backend keeps beside its objects.
                continue
            sequence = known.skipped + len(entries) + 1
            if int(name[1]) != sequence:
                raise self._missing(self._key(sequence), key)
            entry = checked(self._entry_bytes(key), key=key, sequence=sequence, previous=previous)
            entries.append(entry)
            facts, previous = apply(facts, entry.entry), entry.sha256
        return _Known(known.skipped, tuple(entries), facts)

    def _keep(self, known: _Known, found: int) -> None:
        with self._telling:
            if known.count >= self._known.count:
                self._known = known
            if self._found is None:
                self._found = found
            news = known.entries[max(self._told - known.skipped, 0) :]
            self._told = max(self._told, known.count)
            for entry in (stored.entry for stored in news):
                own = entry.sequence > self._found and entry.actor == self._actor
                self._on_entry(entry, written_here=own)

    def _forget_old(self) -> None:
        """What is in a compacted journal needn't be kept in memory, but for what is recent."""
        with self._telling:
            self._known = self._known.without_before(self._known.count - ENTRIES_BETWEEN)

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


def _heard_since(facts: Facts, now: datetime) -> datetime:
    """From when on listeners have to know what happened to make sense of what comes."""
    verifying = facts.verifying if facts.verifying and facts.verifying.alarms else None
    begun = [operation.started_at for operation in (facts.operation, verifying) if operation is not None]
    asked = [facts.question.at] if facts.question is not None and facts.question.answer is None else []
    return min([now - HEARD_FOR, *begun, *asked])
