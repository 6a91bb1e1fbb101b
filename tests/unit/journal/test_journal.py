"""Writing and reading a journal in a store, and finding out that somebody meddled with it."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from rollback_plugin.errors import BrokenChain, WriteConflict
from rollback_plugin.journal.entries import Entry, LockBroken
from rollback_plugin.journal.journal import Journal
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore, ObjectStore
from tests.unit.journal.story import NOON, deployed, rings

STACK = StackName("shop", "dev")
KEYS = [f"stacks/shop/dev/journal/{sequence:08d}.json" for sequence in range(1, 6)]


class CountingStore(FolderStore):
    """A folder that says how much was asked of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[str] = []

    def read(self, key: str) -> bytes:
        self.asked.append(f"read {key}")
        return super().read(key)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        self.asked.append(f"list {prefix}")
        return super().list(prefix, after=after)


@pytest.fixture
def store(tmp_path: Path) -> CountingStore:
    return CountingStore(tmp_path / "store")


@pytest.fixture
def opened(store: ObjectStore) -> Callable[[], Journal]:
    """The journal, opened by one more process."""
    return lambda: Journal(store, STACK, lambda: NOON, "user@host:1")


@pytest.fixture
def journal(opened: Callable[[], Journal]) -> Journal:
    """With five entries."""
    journal = opened()
    for version in range(1, 6):
        journal.append(deployed(version, version), after=version - 1)
    return journal


def test_what_was_appended_is_read_by_everyone(journal: Journal, opened: Callable[[], Journal]) -> None:
    assert opened().entries() == journal.entries()
    assert [entry.sequence for entry in opened().entries()] == [1, 2, 3, 4, 5]
    assert {(entry.time, entry.actor) for entry in opened().entries()} == {(NOON, "user@host:1")}
    events = [entry.event for entry in opened().entries()]
    assert events == [deployed(version, version) for version in range(1, 6)]


def test_an_entry_is_json_that_a_person_can_read(journal: Journal, store: ObjectStore) -> None:
    lines = store.read(KEYS[0]).decode().splitlines()

    assert lines[:4] == ["{", '  "actor": "user@host:1",', '  "event": {', '    "alarms": [']
    assert '    "started_at": "2026-03-01T12:01:00Z",' in lines
    assert '  "previous": "",' in lines
    assert list(json.loads("\n".join(lines))) == sorted(json.loads("\n".join(lines)))


def test_one_moment_is_written_in_one_way(store: ObjectStore) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    Journal(store, StackName("shop", "here"), lambda: NOON, "a").append_next(LockBroken(holder="x"))
    Journal(store, StackName("shop", "there"), lambda: elsewhere, "a").append_next(LockBroken(holder="x"))

    here, there = store.list()
    assert store.read(here) == store.read(there)


def test_stacks_have_journals_of_their_own(journal: Journal, store: ObjectStore) -> None:
    other = Journal(store, StackName("shop", "dev2"), lambda: NOON, "user@host:1")

    assert other.entries() == ()
    other.append(deployed(1, 1), after=0)
    assert len(journal.entries()) == 5


def test_appending_after_entries_that_are_no_longer_the_last_is_a_conflict(
    journal: Journal, opened: Callable[[], Journal]
) -> None:
    late = opened()
    assert len(late.entries()) == 5
    journal.append(rings(1), after=5)

    with pytest.raises(WriteConflict, match=r"Entry 6 .*somebody else wrote"):
        late.append(rings(2), after=5)
    with pytest.raises(WriteConflict, match=r"Entry 5 .*has 6 entries"):
        late.append(rings(2), after=4)
    with pytest.raises(WriteConflict, match=r"Entry 9 .*has 6 entries"):
        late.append(rings(2), after=8)
    assert late.append(rings(2), after=6).sequence == 7
    assert journal.entries() == opened().entries()


def test_of_16_that_decide_on_the_same_entries_one_may_act(journal: Journal, opened: Callable[[], Journal]) -> None:
    journals = [opened() for _ in range(16)]
    barrier = threading.Barrier(16)

    def act(journal: Journal) -> bool:
        barrier.wait()
        try:
            journal.append(rings(1), after=5)
        except WriteConflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(act, journals)) == 1
    assert len(opened().entries()) == 6


def test_16_that_append_facts_all_get_theirs_in(opened: Callable[[], Journal]) -> None:
    journals = [opened() for _ in range(16)]

    def note(number: int) -> int:
        return journals[number].append_next(rings(number, f"alarm {number}")).sequence

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(note, range(16))) == list(range(1, 17))
    assert len({entry.event for entry in opened().entries()}) == 16


def test_entries_once_read_are_not_asked_for_again(
    journal: Journal, opened: Callable[[], Journal], store: CountingStore
) -> None:
    reader = opened()
    reader.entries()
    store.asked.clear()

    reader.entries()
    assert store.asked == ["list stacks/shop/dev/journal/"]

    journal.append(rings(1), after=5)
    store.asked.clear()
    reader.entries()
    assert store.asked == ["list stacks/shop/dev/journal/", "read stacks/shop/dev/journal/00000006.json"]

    store.asked.clear()
    reader.append(rings(2), after=6)
    assert store.asked == []


def test_files_that_are_no_entries_are_passed_over(
    journal: Journal, opened: Callable[[], Journal], store: ObjectStore
) -> None:
    store.write(f"{KEYS[0]}.attrs", b"")
    store.write("stacks/shop/dev/journal/notes/00000001.json", b"")

    assert len(opened().entries()) == 5


class TestMeddling:
    """Somebody changed the store by hand. The message names the key."""

    @pytest.fixture
    def rewrite(self, journal: Journal, store: ObjectStore) -> Callable[[int, str, str], None]:
        def rewrite(sequence: int, before: str, after: str) -> None:
            text = store.read(KEYS[sequence - 1]).decode()
            assert before in text
            store.write(KEYS[sequence - 1], text.replace(before, after).encode())

        return rewrite

    def test_a_missing_entry_is_named(
        self, journal: Journal, opened: Callable[[], Journal], store: ObjectStore
    ) -> None:
        store.delete(KEYS[2])

        with pytest.raises(BrokenChain, match=rf"{KEYS[2]} is missing .*{KEYS[3]} was listed"):
            opened().entries()

    def test_a_missing_first_entry_is_named(
        self, journal: Journal, opened: Callable[[], Journal], store: ObjectStore
    ) -> None:
        store.delete(KEYS[0])

        with pytest.raises(BrokenChain, match=f"{KEYS[0]} is missing"):
            opened().entries()

    def test_a_changed_entry_shows_in_the_next(
        self, rewrite: Callable[[int, str, str], None], opened: Callable[[], Journal]
    ) -> None:
        rewrite(2, '"succeeded": true', '"succeeded": false')

        with pytest.raises(BrokenChain, match=f"{KEYS[2]} follows .*entry 2 is [0-9a-f]{{64}}"):
            opened().entries()

    def test_even_white_space_shows(
        self, rewrite: Callable[[int, str, str], None], opened: Callable[[], Journal]
    ) -> None:
        rewrite(4, '"actor": ', '"actor":  ')

        with pytest.raises(BrokenChain, match=KEYS[4]):
            opened().entries()

    def test_a_first_entry_that_follows_something_is_not_the_first(
        self, rewrite: Callable[[int, str, str], None], opened: Callable[[], Journal]
    ) -> None:
        rewrite(1, '"previous": ""', f'"previous": "{"0" * 64}"')

        with pytest.raises(BrokenChain, match=f"{KEYS[0]} follows .*should be the first"):
            opened().entries()

    def test_a_moved_entry_is_named(
        self, rewrite: Callable[[int, str, str], None], opened: Callable[[], Journal]
    ) -> None:
        rewrite(3, '"sequence": 3', '"sequence": 4')

        with pytest.raises(BrokenChain, match=f"{KEYS[2]} says it is number 4"):
            opened().entries()

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"sequence": 3}'], ids=repr)
    def test_an_entry_that_is_none_is_named(
        self, journal: Journal, opened: Callable[[], Journal], store: ObjectStore, data: bytes
    ) -> None:
        store.write(KEYS[2], data)

        with pytest.raises(BrokenChain, match=f"{KEYS[2]} can't be read as one"):
            opened().entries()

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('"event": "deployed"', '"event": "paused"'),
            ('"update": ', '"weather": "fine", "update": '),
        ],
        ids=["event", "field"],
    )
    def test_an_entry_of_a_newer_plugin_asks_for_an_upgrade(
        self, rewrite: Callable[[int, str, str], None], opened: Callable[[], Journal], before: str, after: str
    ) -> None:
        rewrite(3, before, after)

        with pytest.raises(BrokenChain, match=f"{KEYS[2]} was written by a newer rollback-plugin.*Upgrade"):
            opened().entries()

    def test_nothing_of_an_entry_is_repeated_in_a_message(
        self, rewrite: Callable[[int, str, str], None], opened: Callable[[], Journal]
    ) -> None:
        rewrite(3, '"version": 3', '"version": "hunter2"')

        with pytest.raises(BrokenChain) as caught:
            opened().entries()
        assert "hunter2" not in str(caught.value)

    def test_nothing_is_appended_to_a_broken_journal(
        self, journal: Journal, opened: Callable[[], Journal], store: ObjectStore
    ) -> None:
        store.delete(KEYS[2])

        with pytest.raises(BrokenChain):
            opened().append(rings(1), after=5)
        with pytest.raises(BrokenChain):
            opened().append_next(rings(1))


def test_a_clock_without_a_zone_is_refused(store: ObjectStore) -> None:
    naive = Journal(store, STACK, lambda: datetime(2026, 3, 1, 12), "user@host:1")  # noqa: DTZ001

    with pytest.raises(ValueError, match="without its zone"):
        naive.append(rings(1), after=0)
    assert Journal(store, STACK, lambda: datetime.now(UTC), "user@host:1").entries() == ()


class Heard:
    """What a listener was told, in order: sequence, and whether it was this process' own work."""

    def __init__(self) -> None:
        self.told: list[tuple[int, bool]] = []

    def __call__(self, entry: Entry, *, written_here: bool) -> None:
        self.told.append((entry.sequence, written_here))


def test_a_listener_hears_of_every_entry_once_whoever_wrote_it(store: ObjectStore) -> None:
    heard = Heard()
    other = Journal(store, STACK, lambda: NOON, "other@host:2")
    other.append_next(rings(1))
    mine = Journal(store, STACK, lambda: NOON, "me@host:1", heard)

    mine.entries()
    mine.append_next(rings(2))
    other.append_next(rings(3))
    mine.append_next(rings(4))
    mine.entries()

    assert heard.told == [(1, False), (2, True), (3, False), (4, True)]


def test_what_a_process_of_the_same_name_wrote_before_is_not_this_one_s_work(store: ObjectStore) -> None:
    Journal(store, STACK, lambda: NOON, "worker@container:1").append_next(rings(1))
    heard = Heard()
    restarted = Journal(store, STACK, lambda: NOON, "worker@container:1", heard)

    restarted.append_next(rings(2))

    assert heard.told == [(1, False), (2, True)]


def test_a_journal_that_begins_with_this_process_is_its_work(store: ObjectStore) -> None:
    heard = Heard()
    Journal(store, STACK, lambda: NOON, "me@host:1", heard).append(rings(1), after=0)

    assert heard.told == [(1, True)]


def test_a_listener_hears_nothing_twice_when_two_threads_read(store: ObjectStore, journal: Journal) -> None:
    heard = Heard()
    read_by_two = Journal(store, STACK, lambda: NOON, "me@host:1", heard)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: read_by_two.entries(), range(20)))

    assert heard.told == [(sequence, False) for sequence in range(1, 6)]


class TestOneMoment:
    def test_costs_one_request_however_often_it_is_read(
        self, opened: Callable[[], Journal], store: CountingStore
    ) -> None:
        opened().append(deployed(1, 1), after=0)
        journal = opened()
        store.asked.clear()

        with journal.read_once():
            journal.entries()
            with journal.read_once():
                journal.entries()
            journal.append(rings(2), after=1)
            seen = journal.entries()

        assert store.asked == [
            "list stacks/shop/dev/journal-compacted/",
            "list stacks/shop/dev/journal/",
            f"read {KEYS[0]}",
        ]
        assert len(seen) == 2

    def test_does_not_show_what_others_write_meanwhile(self, opened: Callable[[], Journal]) -> None:
        journal, other = opened(), opened()
        with journal.read_once():
            assert journal.entries() == ()
            other.append_next(deployed(1, 1))
            assert journal.entries() == ()
        assert len(journal.entries()) == 1

    def test_ends_with_a_write_that_was_lost_to_somebody_elses(self, opened: Callable[[], Journal]) -> None:
        journal, other = opened(), opened()
        with journal.read_once():
            journal.entries()
            other.append_next(deployed(1, 1))
            with pytest.raises(WriteConflict):
                journal.append(rings(1), after=0)
            assert len(journal.entries()) == 1
