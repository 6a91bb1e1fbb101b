"""A folder keeps the contract of a store; and what only folders can get wrong."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollback_plugin.errors import StoreReadOnly, StoreUnreachable
from rollback_plugin.store import FolderStore, ObjectStore
from rollback_plugin.store.keys import key_problem
from tests.store.conformance import StoreConformance


class TestFolderStore(StoreConformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return FolderStore(tmp_path / "store")

    @pytest.fixture
    def same_place(self, tmp_path: Path) -> Callable[[], ObjectStore]:
        return lambda: FolderStore(tmp_path / "store")

    @pytest.fixture
    def unreachable(self, tmp_path: Path) -> ObjectStore:
        return FolderStore(tmp_path / "drive that is not mounted" / "store")


@pytest.fixture
def as_unprivileged_user() -> Iterator[None]:
    """File permissions don't bind root; for the time of a test, nobody is root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with one object, in folders that every user may pass through."""
    folder = tmp_path_factory.mktemp("public")
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o055)
    FolderStore(folder / "store").write("a/b", b"kept")
    yield folder
    for path in folder.rglob("*"):
        path.chmod(0o755)


@pytest.mark.parametrize("act", ["write", "create", "delete"])
def test_given_no_right_to_write_when_writing_then_it_is_read_only_and_can_still_be_read(
    act: str, public_folder: Path, request: pytest.FixtureRequest
) -> None:
    for path in (public_folder / "store").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (public_folder / "store").chmod(0o555)
    request.getfixturevalue("as_unprivileged_user")
    store = FolderStore(public_folder / "store")

    with pytest.raises(StoreReadOnly, match="can't be written: Permission denied"):
        store.delete("a/b") if act == "delete" else getattr(store, act)("c", b"")

    assert store.read("a/b") == b"kept"
    assert list(store.list()) == ["a/b"]


def test_given_no_right_to_read_then_it_is_unreachable(public_folder: Path, request: pytest.FixtureRequest) -> None:
    (public_folder / "store" / "a" / "b").chmod(0o000)
    (public_folder / "store" / "a").chmod(0o711)
    request.getfixturevalue("as_unprivileged_user")
    store = FolderStore(public_folder / "store")

    with pytest.raises(StoreUnreachable, match="can't be read: Permission denied"):
        store.read("a/b")
    with pytest.raises(StoreUnreachable, match="can't be read: Permission denied"):
        list(store.list())


@pytest.mark.parametrize("reason", [errno.EROFS, errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.get)
def test_given_a_disk_that_takes_no_more_when_writing_then_it_is_read_only_and_nothing_is_left(
    reason: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path / "store")
    store.write("a", b"before")

    def refuse(descriptor: int) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreReadOnly, match=os.strerror(reason)):
        store.write("a", b"after")
    with pytest.raises(StoreReadOnly, match=os.strerror(reason)):
        store.create("b", b"after")
    monkeypatch.undo()

    assert list(store.list()) == ["a"]
    assert store.read("a") == b"before"
    assert [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()] == ["a"]


def test_given_a_crash_while_writing_then_the_key_is_free_and_nothing_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process killed before its object got a name: the unfinished file stays, and is no object."""
    store = FolderStore(tmp_path / "store")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", die)
    monkeypatch.setattr(Path, "unlink", die)
    with pytest.raises(KeyboardInterrupt):
        store.create("a", b"half")
    monkeypatch.undo()

    assert any(path.is_file() for path in (tmp_path / "store").rglob("*"))
    assert list(store.list()) == []
    store.create("a", b"whole")
    assert store.read("a") == b"whole"


def test_given_a_file_where_a_folder_must_be_when_writing_then_the_message_names_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    store.write("a", b"")

    with pytest.raises(StoreUnreachable, match=f"{tmp_path}/store/a"):
        store.write("a/b", b"")


def test_given_a_file_where_the_store_must_be_then_it_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    store = FolderStore(tmp_path / "store")

    with pytest.raises(StoreUnreachable):
        store.write("a", b"")
    with pytest.raises(StoreUnreachable):
        list(store.list())


def test_given_a_file_system_without_hard_links_when_creating_then_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StoreUnreachable, match="no hard links"):
        FolderStore(tmp_path / "store").create("a", b"")


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    store.write("a/b", b"")
    (tmp_path / "store" / "a" / "circle").symlink_to(tmp_path / "store")

    assert list(store.list()) == ["a/b"]


def test_the_folder_of_unfinished_objects_can_hold_no_keys(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a key"):
        FolderStore(tmp_path / "store").write(".unfinished/a", b"")


def test_an_object_is_for_its_owner_alone(tmp_path: Path) -> None:
    FolderStore(tmp_path / "store").create("a/b", b"x")

    assert (tmp_path / "store" / "a" / "b").stat().st_mode & 0o777 == 0o600


def test_a_list_looks_into_no_folder_beside_the_one_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path / "store")
    for number in range(20):
        store.write(f"stacks/service-{number}/prod/journal/00000001.json", b"{}")
    looked_into: list[str] = []
    children = FolderStore._children

    def noted(self: FolderStore, folder: str, after: bytes) -> object:
        looked_into.append(folder)
        return children(self, folder, after)

    monkeypatch.setattr(FolderStore, "_children", noted)

    assert len(list(store.list("stacks/service-7/prod/journal/"))) == 1
    assert looked_into == ["stacks/service-7/prod/journal/"]


def test_a_list_looks_at_no_file_that_stands_before_those_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal of years is one folder, and only its last entries are asked for."""
    store = FolderStore(tmp_path / "store")
    for number in range(20):
        store.write(f"journal/{number:08d}.json", b"{}")
    looked_at: list[str] = []

    def noted(name: str) -> str | None:
        looked_at.append(name)
        return key_problem(name)

    monkeypatch.setattr("rollback_plugin.store.folder.key_problem", noted)

    assert list(store.list("journal/", after="journal/00000017.json")) == [
        "journal/00000018.json",
        "journal/00000019.json",
    ]
    # The folder's own name comes first; a folder of the last name passed could hold more.
    assert sorted(looked_at[1:]) == ["00000017.json", "00000018.json", "00000019.json"]


@pytest.mark.parametrize("prefix", ["../", "a//", "a/file/", ".unfinished/", "nowhere/", "linked/"])
def test_a_folder_that_holds_no_keys_is_empty(tmp_path: Path, prefix: str) -> None:
    store = FolderStore(tmp_path / "store")
    store.write("a/file", b"x")
    (tmp_path / "store" / "linked").symlink_to(tmp_path / "store" / "a")

    assert list(store.list(prefix)) == []
