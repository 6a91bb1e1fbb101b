"""Reading a backend's files: what counts as an update, and what to do with files that aren't as expected."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from rollback_plugin.backend.history import Backend, open_backend
from rollback_plugin.backend.locks import Lock
from rollback_plugin.backend.updates import ConfigValue, config_value
from rollback_plugin.errors import DamagedSnapshot, NoStackSelected, ObjectMissing, UnsupportedBackend
from rollback_plugin.stack import StackName

STACK = StackName("shop", "dev")


class Files:
    """A backend's files, written by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("meta.yaml", b"version: 1\n")

    def write(self, name: str, data: bytes) -> None:
        path = self.root / ".pulumi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def remove(self, name: str) -> None:
        (self.root / ".pulumi" / name).unlink()

    def update(self, nanoseconds: int, ending: str = "json", **said: Any) -> None:
        """A whole update: its history file and its checkpoint."""
        self.history(nanoseconds, ending, **said)
        self.write(f"history/shop/dev/dev-{nanoseconds}.checkpoint.{ending}", packed(state(nanoseconds), ending))

    def history(self, nanoseconds: int, ending: str = "json", **said: Any) -> None:
        document = {"kind": "update", "startTime": 1, "endTime": 2, "result": "succeeded", "version": 0, **said}
        self.write(
            f"history/shop/dev/dev-{nanoseconds}.history.{ending}", packed(json.dumps(document).encode(), ending)
        )

    def backend(self) -> Backend:
        return open_backend(f"file://{self.root}", {})


def packed(data: bytes, ending: str) -> bytes:
    match ending.rpartition(".")[2]:
        case "gz":
            return gzip.compress(data)
        case "zst":
            return zstandard.ZstdCompressor().compress(data)
    return data


def state(second: int) -> bytes:
    time = f"2026-01-01T00:00:{second % 60:02d}.123456789Z"
    return json.dumps({"version": 3, "checkpoint": {"latest": {"manifest": {"time": time}}}}).encode()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.mark.parametrize("ending", ["json", "json.gz", "json.zst"])
def test_an_update_is_read_however_it_is_packed(files: Files, ending: str) -> None:
    files.update(7, ending, message="hello", config={"shop:a": "b"}, resourceChanges={"same": 3})
    files.write(f"stacks/shop/dev.{ending}", packed(state(7), ending))

    (update,) = files.backend().updates(STACK)

    assert (update.name, update.message, update.resource_changes) == ("dev-7", "hello", {"same": 3})
    assert files.backend().checkpoint(STACK, update) == state(7)
    assert files.backend().current(STACK) == state(7)
    assert files.backend().stacks("shop") == ["dev"]


def test_updates_come_by_their_time_also_when_its_number_gets_longer(files: Files) -> None:
    for nanoseconds in (1000, 99, 998):
        files.update(nanoseconds)

    assert [update.name for update in files.backend().updates(STACK)] == ["dev-99", "dev-998", "dev-1000"]


def test_an_update_without_its_checkpoint_has_not_ended(files: Files) -> None:
    files.update(1)
    files.history(2)
    backend = files.backend()

    assert [update.name for update in backend.updates(STACK)] == ["dev-1"]
    files.update(2)
    assert [update.name for update in backend.updates(STACK)] == ["dev-1", "dev-2"]


def test_files_beside_updates_are_passed_over(files: Files) -> None:
    files.update(1)
    files.write("history/shop/dev/dev-1.history.json.attrs", b"{}")
    files.write("history/shop/dev/notes.json", b"")
    files.write("history/shop/dev-2/dev-2-9.history.json", b"")
    files.write("stacks/shop/dev.json.bak", b"")
    files.write("stacks/shop/dev.json", state(1))
    files.write("stacks/shopping/list.json", b"")

    assert [update.name for update in files.backend().updates(STACK)] == ["dev-1"]
    assert files.backend().stacks("shop") == ["dev"]


def test_a_checkpoint_may_be_packed_otherwise_than_its_name_says(files: Files) -> None:
    """The engine copies the state file as it is when compression was just switched on."""
    files.history(1, "json.gz")
    files.write("history/shop/dev/dev-1.checkpoint.json.gz", state(1))
    (update,) = files.backend().updates(STACK)

    assert files.backend().checkpoint(STACK, update) == state(1)


@pytest.mark.parametrize(("plain", "gzipped"), [(5, 6), (6, 5)])
def test_of_two_state_files_that_a_killed_engine_left_the_newer_is_the_state(
    files: Files, plain: int, gzipped: int
) -> None:
    files.write("stacks/shop/dev.json", state(plain))
    files.write("stacks/shop/dev.json.gz", gzip.compress(state(gzipped)))

    assert files.backend().current(STACK) == state(6)


@pytest.mark.parametrize("ending", ["json", "json.gz", "json.zst"])
def test_a_state_is_replaced_in_its_place_and_packed_as_it_was(files: Files, ending: str) -> None:
    files.write(f"stacks/shop/dev.{ending}", packed(state(1), ending))

    files.backend().replace_current(STACK, state(2))

    (file,) = (files.root / ".pulumi" / "stacks" / "shop").iterdir()
    assert file.name == f"dev.{ending}"
    assert (file.read_bytes() == state(2)) is (ending == "json")
    assert files.backend().current(STACK) == state(2)


def test_of_two_state_files_the_one_that_is_the_state_is_replaced(files: Files) -> None:
    files.write("stacks/shop/dev.json", state(5))
    files.write("stacks/shop/dev.json.gz", gzip.compress(state(6)))

    files.backend().replace_current(STACK, state(7))

    assert files.backend().current(STACK) == state(7)
    assert (files.root / ".pulumi" / "stacks" / "shop" / "dev.json").read_bytes() == state(5)


def test_a_state_that_is_not_there_is_not_made(files: Files) -> None:
    with pytest.raises(NoStackSelected, match="has no stack dev"):
        files.backend().replace_current(STACK, state(1))

    assert files.backend().stacks("shop") == []


@pytest.mark.parametrize(
    ("message", "operation"),
    [
        ("rollback-plugin op-1: back to version 1", "op-1"),
        ("rollback-plugin 20260301T120000-ab12: forward", "20260301T120000-ab12"),
        ("rollback-plugin op-1", None),
        ("Merge rollback-plugin op-1: back", None),
        ("rollback-plugin is nice: yes", None),
        ("", None),
    ],
)
def test_our_own_updates_are_known_by_their_message(files: Files, message: str, operation: str | None) -> None:
    files.update(1, message=message)

    assert files.backend().updates(STACK)[0].operation == operation


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("text", ConfigValue("text", secret=False, object=False)),
        (5, ConfigValue("5", secret=False, object=False)),
        (True, ConfigValue("true", secret=False, object=False)),
        ({"secure": "v1:abc"}, ConfigValue("v1:abc", secret=True, object=False)),
        ({"a": [1]}, ConfigValue('{"a": [1]}', secret=False, object=True)),
        (["a"], ConfigValue('["a"]', secret=False, object=True)),
        ({"a": [{"secure": "v1:abc"}]}, ConfigValue('{"a": [{"secure": "v1:abc"}]}', secret=True, object=True)),
        ({"secure": {"a": 1}}, ConfigValue('{"secure": {"a": 1}}', secret=False, object=True)),
    ],
    ids=repr,
)
def test_config_values_are_read_as_the_engine_writes_them(written: Any, read: ConfigValue) -> None:
    assert config_value(written) == read


def test_a_history_file_that_is_none_is_named_without_its_text(files: Files) -> None:
    files.update(1, startTime="hunter2")

    with pytest.raises(UnsupportedBackend, match=r"history/shop/dev/dev-1\.history\.json .*startTime") as caught:
        files.backend().updates(STACK)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("ending", ["json.gz", "json.zst"])
def test_a_file_that_was_cut_short_is_named(files: Files, ending: str) -> None:
    files.update(1, ending)
    files.write(f"history/shop/dev/dev-1.checkpoint.{ending}", packed(state(1) * 9, ending)[:-12])
    (update,) = files.backend().updates(STACK)

    with pytest.raises(DamagedSnapshot, match=f"dev-1.checkpoint.{ending}"):
        files.backend().checkpoint(STACK, update)


def test_a_checkpoint_that_was_removed_is_named(files: Files) -> None:
    files.update(1)
    backend = files.backend()
    (update,) = backend.updates(STACK)
    files.remove("history/shop/dev/dev-1.checkpoint.json")

    with pytest.raises(ObjectMissing, match=r"history/shop/dev/dev-1\.checkpoint\.json"):
        backend.checkpoint(STACK, update)


def test_the_state_of_a_stack_that_does_not_exist_is_answered_with_those_that_do(files: Files) -> None:
    files.write("stacks/shop/prod.json", state(1))

    with pytest.raises(NoStackSelected, match=r"no stack dev of the project shop\. It has: prod"):
        files.backend().current(STACK)


def test_locks_are_read_oldest_first_and_broken_one_by_one(files: Files) -> None:
    for name, minute in (("b", 1), ("a", 2)):
        content = {
            "pid": minute,
            "username": name,
            "hostname": "host",
            "timestamp": f"2026-01-01T00:0{minute}:00.123456789Z",
        }
        files.write(f"locks/organization/shop/dev/{name}.json", json.dumps(content).encode())
    files.write("locks/organization/shop/dev/a.json.attrs", b"{}")
    files.write("locks/organization/shop/dev2/c.json", b"{}")
    backend = files.backend()

    first, second = backend.locks(STACK)
    assert str(first) == "b@host (pid 1) since 2026-01-01 00:01:00 UTC"
    assert (second.user, second.pid) == ("a", 2)

    backend.break_lock(STACK, first)
    backend.break_lock(STACK, first)
    assert backend.locks(STACK) == [second]
    assert isinstance(second, Lock)


def test_breaking_a_lock_removes_the_empty_attributes_a_killed_engine_left_of_the_stack(files: Files) -> None:
    lock = {"pid": 1, "username": "a", "hostname": "host", "timestamp": "2026-01-01T00:00:00Z"}
    files.write("locks/organization/shop/dev/a.json", json.dumps(lock).encode())
    files.write("stacks/shop/dev.json.attrs", b"")
    files.write("stacks/shop/dev.json.bak.attrs", b"{}")
    files.write("stacks/shop/other.json.attrs", b"")
    backend = files.backend()

    backend.break_lock(STACK, backend.locks(STACK)[0])

    left = sorted(path.name for path in (files.root / ".pulumi" / "stacks" / "shop").iterdir())
    assert left == ["dev.json.bak.attrs", "other.json.attrs"]


def test_a_lock_that_can_not_be_read_is_named(files: Files) -> None:
    files.write("locks/organization/shop/dev/a.json", b"")

    with pytest.raises(UnsupportedBackend, match=r"locks/organization/shop/dev/a\.json.*pulumi cancel"):
        files.backend().locks(STACK)


@pytest.mark.parametrize(
    ("meta", "other", "said"),
    [
        (b"version: 0\n", {}, "pulumi state upgrade"),
        (None, {"stacks/dev.json": state(1)}, "pulumi state upgrade"),
        (b"version: 2\n", {}, "version 2.*[Uu]pgrade"),
        (b"nothing\n", {}, "[Uu]pgrade"),
        (b"{", {}, "[Uu]pgrade"),
    ],
    ids=["version 0", "no meta.yaml, stacks without a project", "version 2", "no version", "no YAML"],
)
def test_another_layout_is_refused_with_the_way_out(
    files: Files, meta: bytes | None, other: dict[str, bytes], said: str
) -> None:
    files.remove("meta.yaml")
    if meta is not None:
        files.write("meta.yaml", meta)
    for name, data in other.items():
        files.write(name, data)

    with pytest.raises(UnsupportedBackend, match=said):
        files.backend()


def test_a_backend_nothing_was_written_to_has_nothing(tmp_path: Path) -> None:
    backend = open_backend(f"file://{tmp_path}", {})

    assert backend.updates(STACK) == []
    assert backend.stacks("shop") == []
    assert backend.locks(STACK) == []
