"""A journal opened from what its entries came to says what its entries say, or is opened from the entries."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rollback_plugin.errors import BrokenChain, StoreReadOnly, StoreUnreachable, UnusableCompaction
from rollback_plugin.journal import compaction
from rollback_plugin.journal import journal as journal_module
from rollback_plugin.journal.apply import facts_of
from rollback_plugin.journal.chain import sha256_of
from rollback_plugin.journal.compacted import FORMAT, CompactedJournal, from_bytes, to_bytes
from rollback_plugin.journal.compaction import Compaction
from rollback_plugin.journal.entries import Entry, Event
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.fold import fold, status_of
from rollback_plugin.journal.history import history_of, history_rows
from rollback_plugin.journal.journal import HEARD_FOR, Journal
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore
from rollback_plugin.stored import read
from tests.unit.controller.memory_store import MemoryStore
from tests.unit.journal.story import NOON, asked, deployed, minute, rings, rollback_started, rolled_back, told
from tests.unit.journal.test_fold_properties import MINUTES, stories

STACK = StackName("shop", "dev")
COMPACTED = "stacks/shop/dev/journal-compacted/"
ENTRIES = "stacks/shop/dev/journal/"
EVERY = 10


def entry(sequence: int) -> str:
    return f"{ENTRIES}{sequence:08d}.json"


def compacted(sequence: int) -> str:
    return f"{COMPACTED}{sequence:08d}.jsonl.zst"


@pytest.fixture(autouse=True)
def compacted_early(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compaction, journal_module):
        monkeypatch.setattr(module, "ENTRIES_BETWEEN", EVERY)


def at_once(work: Callable[[], None]) -> None:
    work()


class Years:
    """A journal that grows, in a store that can be asked what was asked of it."""

    def __init__(self, store: "RecordingStore") -> None:
        self.store = store
        self.now = NOON
        self.heard: list[Entry] = []

    def opened(self, actor: str = "user@host:1") -> Journal:
        return Journal(self.store, STACK, lambda: self.now, actor, beside=at_once)

    def listening(self) -> Journal:
        return Journal(
            self.store,
            STACK,
            lambda: self.now,
            "user@host:2",
            lambda entry, *, written_here: self.heard.append(entry),
            beside=at_once,
        )

    def grow(self, by: int, journal: Journal | None = None) -> None:
        """Alarms that go off, with a deploy every tenth time."""
        journal = journal or self.opened()
        for _ in range(by):
            seen = journal.facts().entries_seen
            self.now += timedelta(minutes=1)
            at = (self.now - NOON) / timedelta(minutes=1)
            journal.append(deployed(seen // 10 + 1, at) if seen % 10 == 0 else rings(at), after=seen)

    def compacted(self) -> list[str]:
        return list(self.store.list(COMPACTED))


@pytest.fixture
def years() -> Years:
    return Years(RecordingStore())


class RecordingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.fails_at: int | None = None
        self.fails_with: type[BaseException] = StoreUnreachable

    def _ask(self, what: str, key: str) -> None:
        if self.fails_at == len(self.asked):
            self.fails_at = None
            raise self.fails_with(f"{what} {key} was not to be")
        self.asked.append(f"{what} {key}")

    def read(self, key: str) -> bytes:
        self._ask("read", key)
        return super().read(key)

    def create(self, key: str, data: bytes) -> None:
        self._ask("create", key)
        super().create(key, data)

    def delete(self, key: str) -> None:
        self._ask("delete", key)
        super().delete(key)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        self._ask("list", prefix)
        return super().list(prefix, after=after)


def from_scratch(store: ObjectStore) -> Sequence[Entry]:
    return [read(store.read(key), Entry) for key in store.list(ENTRIES)]


def restored(facts: Facts, sequence: int = 1) -> Facts:
    return from_bytes(to_bytes(CompactedJournal(sequence, "", facts)), "it").facts


@given(stories(), st.data(), MINUTES)
def test_facts_restored_anywhere_and_folded_on_give_the_same(
    story: list[tuple[float, Event]], data: st.DataObject, now: float
) -> None:
    entries = told(*story)
    cut = data.draw(st.integers(0, len(entries)))

    facts = facts_of(entries[cut:], restored(facts_of(entries[:cut])))

    assert facts == facts_of(entries)
    assert status_of(facts, minute(now)) == fold(entries, minute(now))
    assert history_of(facts, minute(now)) == history_rows(entries, minute(now))
    assert restored(restored(facts)) == facts


@given(st.lists(st.tuples(st.integers(0, 600), st.sampled_from([deployed, rings])), max_size=300), st.data())
def test_the_same_holds_for_more_than_a_page_in_any_order(
    happened: list[tuple[int, Callable[[int], Event]]], data: st.DataObject
) -> None:
    entries = told(*((at, rings(at) if kind is rings else deployed(at, at)) for at, kind in happened))
    cut = data.draw(st.integers(0, len(entries)))

    facts = facts_of(entries[cut:], restored(facts_of(entries[:cut])))

    assert facts == facts_of(entries)
    assert list(facts.versions) == sorted(facts.versions)
    assert status_of(facts, minute(999)) == fold(entries, minute(999))


def test_a_long_journal_is_opened_without_reading_what_is_long_ago(years: Years) -> None:
    years.grow(27)
    status = fold(from_scratch(years.store), years.now)
    years.store.asked.clear()

    assert years.opened().status(years.now) == status
    assert years.store.asked == [
        f"list {COMPACTED}",
        f"read {compacted(20)}",
        f"read {entry(20)}",
        f"list {ENTRIES}",
        *(f"read {entry(sequence)}" for sequence in range(21, 28)),
    ]


def test_an_append_writes_its_entry_and_the_tenth_what_all_came_to(years: Years) -> None:
    journal = years.opened()
    for sequence in range(1, 41):
        years.store.asked.clear()
        years.grow(1, journal)
        written = [asked for asked in years.store.asked if asked.startswith("create")]
        assert written == [
            f"create {entry(sequence)}",
            *([f"create {compacted(sequence)}"] if sequence % EVERY == 0 else []),
        ]

    assert years.compacted() == [compacted(30), compacted(40)]


def test_entries_are_what_they_were_however_the_journal_was_opened(years: Years) -> None:
    journal = years.opened()
    years.grow(35, journal)
    written = tuple(from_scratch(years.store))

    for way in (journal, years.opened()):
        assert way.entries() == written
        assert tuple(way.newest_first()) == written[::-1]
        assert way.facts() == facts_of(written)


def test_what_was_compacted_is_kept_in_memory_no_longer(years: Years) -> None:
    journal = years.opened()
    years.grow(35, journal)
    years.store.asked.clear()

    assert len(journal.entries()) == 35
    assert years.store.asked == [
        f"list {ENTRIES}",
        f"list {ENTRIES}",
        *(f"read {entry(sequence)}" for sequence in range(1, 36)),
    ]


def test_a_journal_that_was_written_anew_meanwhile_is_broken(years: Years) -> None:
    years.grow(27)
    journal = years.opened()
    journal.facts()
    anew = Years(RecordingStore())
    anew.now += timedelta(days=1)
    anew.grow(27)
    for key in anew.store.list(ENTRIES):
        years.store.write(key, anew.store.read(key))

    with pytest.raises(BrokenChain, match=r"00000027\.json isn't the one that was read before"):
        journal.entries()


def test_what_is_recent_is_found_without_reading_the_rest(years: Years) -> None:
    years.grow(27)
    journal = years.opened()
    journal.facts()
    years.store.asked.clear()

    recent = [each.sequence for each in islice(journal.newest_first(), 9)]

    assert recent == list(range(27, 18, -1))
    assert years.store.asked == [f"list {ENTRIES}", f"read {entry(19)}"]


def damaged(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]


def cut_short(data: bytes) -> bytes:
    return data[:-9]


def empty(_: bytes) -> bytes:
    return b""


def nothing_of_ours(_: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(b"{}")


def with_head(data: bytes, **changed: object) -> bytes:
    """With another head, and the hash that this has."""
    first = zstandard.ZstdDecompressor().decompressobj()
    head = {**json.loads(first.decompress(data).split(b"\n")[1]), **changed}
    line = json.dumps(head).encode()
    sha256 = sha256_of(line + first.unused_data).encode()
    return zstandard.ZstdCompressor().compress(sha256 + b"\n" + line + b"\n") + first.unused_data


def of_another_format(data: bytes) -> bytes:
    return with_head(data, format=FORMAT + 1)


def of_another_journal(data: bytes) -> bytes:
    return with_head(data, sha256=sha256_of(b"an entry of another journal"))


def of_another_entry(data: bytes) -> bytes:
    return with_head(data, sequence=19)


def that_has_seen_another_entry(data: bytes) -> bytes:
    first = zstandard.ZstdDecompressor().decompressobj()
    facts = json.loads(first.decompress(data).split(b"\n")[1])["facts"]
    return with_head(data, facts={**facts, "entries_seen": 3})


def without_facts(data: bytes) -> bytes:
    return with_head(data, facts={})


WAYS = [
    damaged,
    cut_short,
    empty,
    nothing_of_ours,
    of_another_format,
    of_another_journal,
    of_another_entry,
    that_has_seen_another_entry,
    without_facts,
]


@pytest.mark.parametrize("changed", WAYS)
def test_what_can_not_be_believed_is_passed_over(years: Years, changed: Callable[[bytes], bytes]) -> None:
    years.grow(27)
    status = fold(from_scratch(years.store), years.now)
    years.store.write(compacted(20), changed(years.store.read(compacted(20))))

    years.store.asked.clear()
    assert years.opened().status(years.now) == status
    assert f"read {entry(10)}" in years.store.asked
    assert f"read {entry(9)}" not in years.store.asked

    years.store.write(compacted(10), changed(years.store.read(compacted(10))))
    assert years.opened().status(years.now) == status

    years.grow(20)
    assert years.opened().status(years.now) == fold(from_scratch(years.store), years.now)
    if changed is not of_another_format:
        assert not {compacted(10), compacted(20)} & set(years.compacted())


def test_a_compacted_journal_of_entries_that_are_no_more_is_passed_over(years: Years) -> None:
    """The store was brought back from a backup."""
    years.grow(27)
    for sequence in range(16, 28):
        years.store.delete(entry(sequence))

    assert years.opened().facts() == facts_of(from_scratch(years.store))
    assert years.opened().facts().entries_seen == 15


def test_a_page_that_is_none_names_the_object_and_the_way_out(years: Years) -> None:
    years.grow(10)
    first = zstandard.ZstdDecompressor().decompressobj()
    head = json.loads(first.decompress(years.store.read(compacted(10))).split(b"\n")[1])
    nonsense = zstandard.ZstdCompressor().compress(b"nonsense")
    head["pages"] = {**{name: [] for name in head["pages"]}, "versions": [[1, 1, len(nonsense)]]}
    line = json.dumps(head).encode()
    sealed = sha256_of(line + nonsense).encode() + b"\n" + line + b"\n"
    years.store.write(compacted(10), zstandard.ZstdCompressor().compress(sealed) + nonsense)

    with pytest.raises(UnusableCompaction, match=f"{compacted(10)}.* Remove it"):
        tuple(years.opened().status(years.now).versions)


def test_what_was_changed_before_a_compacted_journal_shows_when_all_is_read(years: Years) -> None:
    years.grow(27)
    years.store.write(entry(5), years.store.read(entry(5)).replace(b"latency", b"latencz").replace(b"ALARM", b"OK"))

    assert years.opened().status(years.now).entries_seen == 27
    with pytest.raises(BrokenChain, match="00000006"):
        years.opened().checked()
    with pytest.raises(BrokenChain, match="00000005"):
        tuple(years.opened().newest_first())


def test_a_sound_journal_has_no_problems(years: Years) -> None:
    years.grow(27)

    assert years.opened().checked() == (tuple(from_scratch(years.store)), ())


def test_facts_that_the_entries_do_not_come_to_are_told(years: Years) -> None:
    years.grow(27)
    data = years.store.read(compacted(20))
    facts = from_bytes(data, "").facts
    forged = CompactedJournal(20, from_bytes(data, "").sha256, replace(facts, applied=1))
    years.store.write(compacted(20), to_bytes(forged))

    (problem,) = years.opened().checked()[1]

    assert compacted(20) in problem
    assert "the entries come to other facts" in problem


@pytest.mark.parametrize("changed", [way for way in WAYS if way is not of_another_format])
def test_what_can_not_be_believed_is_told_where_all_is_read(years: Years, changed: Callable[[bytes], bytes]) -> None:
    years.grow(27)
    years.store.write(compacted(10), changed(years.store.read(compacted(10))))

    (problem,) = years.opened().checked()[1]

    assert compacted(10) in problem


def test_killed_at_any_call_the_journal_says_the_same(years: Years) -> None:
    """Each call fails once, as when the store is out of reach, and once takes the process with it."""
    for failing in (StoreUnreachable, Killed):
        for call in range(200):
            fresh = Years(RecordingStore())
            fresh.grow(19)
            fresh.store.fails_at, fresh.store.fails_with = len(fresh.store.asked) + call, failing
            with suppress(StoreUnreachable, Killed):
                fresh.grow(4)
            over = fresh.store.fails_at is not None
            fresh.store.fails_at = None
            fresh.grow(15)
            entries = from_scratch(fresh.store)
            assert fresh.opened().facts() == facts_of(entries)
            assert fresh.opened().checked() == (tuple(entries), ())
            if over:
                break
        else:
            raise AssertionError("it never came to an end")


class Killed(BaseException):
    """The process is gone."""


def test_what_can_not_be_written_beside_keeps_no_entry_from_being_written(years: Years) -> None:
    class ReadOnlyBeside(RecordingStore):
        def create(self, key: str, data: bytes) -> None:
            if key.startswith(COMPACTED):
                raise StoreReadOnly("not there")
            super().create(key, data)

    years = Years(ReadOnlyBeside())
    years.grow(25)

    assert years.opened().facts().entries_seen == 25
    assert years.compacted() == []


def test_two_writers_leave_one_compacted_journal_where_one_would_do(years: Years) -> None:
    one, other = years.opened("one@host:1"), years.opened("other@host:2")
    for _ in range(20):
        years.grow(1, one)
        years.grow(1, other)

    assert years.compacted() == [compacted(30), compacted(40)]
    assert years.opened().facts() == facts_of(from_scratch(years.store))


def test_writers_that_compact_the_same_entry_at_once_do_no_harm(years: Years) -> None:
    waiting: list[Callable[[], None]] = []
    journal = Journal(years.store, STACK, lambda: years.now, "one@host:1", beside=waiting.append)
    years.grow(10, journal)
    again = Compaction(years.store, COMPACTED, entry, at_once)
    again.offer(10, sha256_of(years.store.read(entry(10))), journal.facts(), lambda: None)
    (write,) = waiting
    write()

    assert years.compacted() == [compacted(10)]
    assert years.opened().facts() == journal.facts()


def test_listeners_hear_of_a_day_and_of_what_is_under_way(years: Years) -> None:
    years.grow(3)
    years.now += timedelta(minutes=1)
    years.opened().append(rollback_started(1, 1), after=3)
    years.now += 3 * HEARD_FOR
    years.grow(26)

    years.listening().facts()
    assert [heard.sequence for heard in years.heard] == list(range(4, 31))

    years.opened().append(rolled_back(1, 1), after=30)
    years.opened().append(deployed(9, 9000), after=31)
    years.now += 2 * HEARD_FOR
    years.grow(9)
    years.heard.clear()
    years.listening().facts()
    assert [heard.sequence for heard in years.heard] == list(range(33, 42))


def test_whoever_waits_for_an_answer_is_heard_of(years: Years) -> None:
    years.grow(5)
    years.now += timedelta(minutes=1)
    years.opened().append(asked(1), after=5)
    years.now += 3 * HEARD_FOR
    for _ in range(8):
        years.opened().append_next(rings(9))

    years.listening().facts()

    assert years.heard[0].event == asked(1)


def test_a_thread_of_its_own_writes_it(years: Years) -> None:
    journal = Journal(years.store, STACK, lambda: years.now, "one@host:1")
    years.grow(10, journal)
    for thread in threading.enumerate():
        if thread.name == "compact-journal":
            thread.join()

    assert years.compacted() == [compacted(10)]
