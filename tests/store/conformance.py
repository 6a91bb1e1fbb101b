"""The contract of `rollback_plugin.store`, as tests: the same for every implementation.

An implementation's test class derives from `StoreConformance` and gives three fixtures: `store`, empty; `same_place`,
which opens the same place once more, as another process would; and `unreachable`, a store whose place is gone.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from rollback_plugin.errors import ObjectExists, ObjectMissing, StoreUnreachable
from rollback_plugin.journal import compaction
from rollback_plugin.journal.apply import facts_of
from rollback_plugin.journal.journal import Journal
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore, PrefixedStore
from tests.unit.journal.story import NOON, deployed

ODD_KEYS = (
    "a",
    "a b",
    "a+b",
    "a%2Fb",
    "a&b=c?d#e",
    "a-b",
    "a.b",
    "b/a",
    "b/a-b",
    "b-",
    "b.json",
    "b0",
    "Ä/ö",
    "Ä-",
    "z/\U0001f600",
    "z/ﬁ",
    "Z/deeply/nested/key/with.many/segments",
    "stacks/shop/dev/journal/00000001.json",
)

NO_KEYS = (
    "",
    "/a",
    "a/",
    "a//b",
    "..",
    "a/../b",
    "./a",
    "a/.",
    "a\nb",
    "a\0b",
    "\udcff",
    "x" * 256,
    "/".join(["x" * 250] * 4),
)


class StoreConformance:
    @pytest.fixture
    def store(self) -> ObjectStore:
        raise NotImplementedError

    @pytest.fixture
    def same_place(self) -> Callable[[], ObjectStore]:
        raise NotImplementedError

    @pytest.fixture
    def unreachable(self) -> ObjectStore:
        raise NotImplementedError

    @pytest.mark.parametrize(
        "data", [b"", b"x", bytes(range(256)) * 5000], ids=["empty", "one byte", "over a megabyte"]
    )
    def test_what_was_written_or_created_is_read_from_anywhere(
        self, store: ObjectStore, same_place: Callable[[], ObjectStore], data: bytes
    ) -> None:
        store.write("written", data)
        store.create("folder/created", data)

        assert same_place().read("written") == data
        assert same_place().read("folder/created") == data

    def test_write_replaces(self, store: ObjectStore) -> None:
        store.write("a/b", b"a longer text, before")
        store.write("a/b", b"after")

        assert store.read("a/b") == b"after"

    def test_create_leaves_what_is_there(self, store: ObjectStore, same_place: Callable[[], ObjectStore]) -> None:
        store.write("a/b", b"before")

        with pytest.raises(ObjectExists, match="a/b"):
            same_place().create("a/b", b"after")

        assert store.read("a/b") == b"before"

    def test_an_empty_store_has_nothing(self, store: ObjectStore) -> None:
        assert list(store.list()) == []
        store.delete("nothing/here")
        with pytest.raises(ObjectMissing, match="nothing/here"):
            store.read("nothing/here")

    def test_a_deleted_object_is_gone_and_its_key_free(self, store: ObjectStore) -> None:
        store.create("a/b", b"first")
        store.delete("a/b")
        store.delete("a/b")

        assert list(store.list()) == []
        with pytest.raises(ObjectMissing):
            store.read("a/b")
        store.create("a/b", b"second")
        assert store.read("a/b") == b"second"

    def test_a_revision_is_another_once_the_bytes_are(
        self, store: ObjectStore, same_place: Callable[[], ObjectStore]
    ) -> None:
        store.write("a/b", b"before")
        store.write("a/bc", b"always")
        store.write("b", b"before")
        before = store.revisions("a/b")

        assert same_place().revisions("a/b") == before
        same_place().write("a/b", b"after_")
        after = store.revisions("a/b")

        assert before.keys() == after.keys() == {"a/b", "a/bc"}
        assert (after["a/b"] == before["a/b"], after["a/bc"] == before["a/bc"]) == (False, True)
        assert store.revisions("c") == {}

    def test_a_folder_of_keys_is_no_object(self, store: ObjectStore) -> None:
        store.write("a/b", b"")

        with pytest.raises(ObjectMissing):
            store.read("a")
        with pytest.raises(ObjectMissing):
            store.read("a/b/c")
        store.delete("a/b/c")
        assert list(store.list()) == ["a/b"]

    def test_list_gives_whole_keys_in_the_order_of_their_bytes(self, store: ObjectStore) -> None:
        for key in ODD_KEYS:
            store.create(key, b"")
        expected = sorted(ODD_KEYS, key=str.encode)

        assert list(store.list()) == expected
        for prefix in ("", "b", "b/", "b/a", "Ä", "stacks/shop/", "Z/deeply/nes", "none"):
            assert list(store.list(prefix)) == [key for key in expected if key.startswith(prefix)]
        for after in (*expected, "b/", "stacks/shop/dev", "zz"):
            assert list(store.list(after=after)) == [key for key in expected if key.encode() > after.encode()]

    def test_list_after_a_key_with_a_prefix(self, store: ObjectStore) -> None:
        for number in range(1, 13):
            store.create(f"journal/{number:08d}.json", b"")
        store.create("journey", b"")

        assert list(store.list("journal/", after="journal/00000010.json")) == [
            "journal/00000011.json",
            "journal/00000012.json",
        ]

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_odd_keys_are_kept_as_they_are(self, store: ObjectStore, key: str) -> None:
        store.create(key, key.encode())

        assert list(store.list()) == [key]
        assert store.read(key) == key.encode()

    @pytest.mark.parametrize("key", NO_KEYS, ids=lambda key: ascii(key)[:20])
    def test_what_is_no_key_is_refused_by_every_method(self, store: ObjectStore, key: str) -> None:
        for attempt in (
            lambda: store.read(key),
            lambda: store.write(key, b""),
            lambda: store.create(key, b""),
            lambda: store.delete(key),
        ):
            with pytest.raises(ValueError, match="is not a key"):
                attempt()
        assert list(store.list()) == []

    def test_of_16_concurrent_creators_exactly_one_wins(
        self, store: ObjectStore, same_place: Callable[[], ObjectStore]
    ) -> None:
        places = [same_place() for _ in range(4)]
        for key in ("race/1", "race/2", "race/3"):
            barrier = threading.Barrier(16)

            def attempt(writer: int, key: str = key, barrier: threading.Barrier = barrier) -> int | None:
                barrier.wait()
                try:
                    places[writer % 4].create(key, str(writer).encode())
                except ObjectExists:
                    return None
                return writer

            with ThreadPoolExecutor(16) as pool:
                winners = [writer for writer in pool.map(attempt, range(16)) if writer is not None]

            assert len(winners) == 1
            assert store.read(key) == str(winners[0]).encode()

    def test_a_reader_never_sees_half_an_object(
        self, store: ObjectStore, same_place: Callable[[], ObjectStore]
    ) -> None:
        whole = [bytes([letter]) * 300_000 for letter in b"ab"]
        store.write("object", whole[0])
        done = threading.Event()

        def write() -> None:
            place = same_place()
            for number in range(20):
                place.write("object", whole[number % 2])
            done.set()

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            seen = set()
            while not done.is_set() and not writing.done():
                seen.add(store.read("object"))
            writing.result()

        assert seen
        assert seen <= set(whole)

    def test_an_unreachable_store_is_not_an_empty_one(self, unreachable: ObjectStore) -> None:
        for attempt in (
            lambda: list(unreachable.list()),
            lambda: unreachable.read("a"),
            lambda: unreachable.write("a", b""),
            lambda: unreachable.create("a", b""),
            lambda: unreachable.delete("a"),
        ):
            with pytest.raises(StoreUnreachable, match=unreachable.location):
                attempt()

    def test_a_part_of_a_store_is_a_store(self, store: ObjectStore) -> None:
        part = PrefixedStore(store, "part/one")
        store.write("part/one-not", b"")
        store.write("part/two", b"")
        for key in ("b", "a/c", "a-b"):
            part.create(key, key.encode())

        assert list(part.list()) == ["a-b", "a/c", "b"]
        assert list(part.list("a/")) == ["a/c"]
        assert list(part.list(after="a-b")) == ["a/c", "b"]
        assert part.read("a/c") == b"a/c"
        assert store.read("part/one/a/c") == b"a/c"
        assert part.location == f"{store.location}/part/one"
        part.delete("a/c")
        assert list(store.list("part/one")) == ["part/one-not", "part/one/a-b", "part/one/b"]
        with pytest.raises(ValueError, match="is not a key"):
            part.read("../two")

    def test_a_journal_is_opened_from_what_it_was_compacted_to(
        self, store: ObjectStore, same_place: Callable[[], ObjectStore], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(compaction, "ENTRIES_BETWEEN", 4)
        stack = StackName("shop", "dev")
        journal = Journal(store, stack, lambda: NOON, "user@host:1", beside=lambda work: work())
        for version in range(1, 15):
            journal.append_next(deployed(version, version))

        opened = Journal(same_place(), stack, lambda: NOON, "user@host:2")

        assert list(store.list("stacks/shop/dev/journal-compacted/")) == [
            "stacks/shop/dev/journal-compacted/00000008.jsonl.zst",
            "stacks/shop/dev/journal-compacted/00000012.jsonl.zst",
        ]
        assert opened.facts() == facts_of(journal.entries())
        assert opened.checked() == (journal.entries(), ())
