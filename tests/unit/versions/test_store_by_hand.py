"""What docs/store.md says is enough to read a version by hand: from the journal's newest hash down to every byte."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from msgspec.structs import replace

from rollback_plugin.recording.capture import Captures
from rollback_plugin.recording.content import ProjectFiles
from rollback_plugin.recording.source import bundle
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.version import Source
from tests.unit.recording.history import STACK, History
from tests.unit.versions.examples import FILE, resource

CODE = b"def handle(event): ..."
PROGRAM = b"import pulumi"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a version that is a keyframe, and one that differs from it: bundle, asset and links included."""
    history = History(tmp_path)
    (tmp_path / "__main__.py").write_bytes(PROGRAM)
    blobs = BlobStore(history.store)
    code = {**FILE, "hash": blobs.keep(CODE)}
    packed = bundle(ProjectFiles(tmp_path, ("__main__.py",)), ["__main__.py"])
    for memory in (1, 2):
        began = history.capture()
        source = Source(dirty=True, bundle=blobs.keep(packed))
        Captures(history.store, STACK).write(replace(began, id="later", source=source))
        history.links(outputs="url")
        same = [resource(f"queue-{number}", id="q", inputs={"size": number}) for number in range(30)]
        history.update(*same, resource("f", "aws:lambda/function:Function", inputs={"code": code, "memory": memory}))
        history.recorder().record()
    return tmp_path / "store"


class ByHand:
    """A store, with nothing of the package."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self, newest: str) -> Iterator[Any]:
        """Newest first, each with the hash that the one after it names."""
        expected = newest
        for path in sorted((self.folder / "stacks/shop/dev/journal").iterdir(), reverse=True):
            data = path.read_bytes()
            assert hashlib.sha256(data).hexdigest() == expected
            entry = json.loads(data)
            expected = entry["previous"]
            yield entry
        assert expected == ""

    def version(self, event: Any) -> Any:
        data = (self.folder / f"stacks/shop/dev/versions/{event['version']:08}.json").read_bytes()
        assert hashlib.sha256(data).hexdigest() == event["version_digest"]
        return json.loads(data)

    def blob(self, digest: str) -> bytes:
        data = (self.folder / "blobs" / digest[:2] / digest).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
        return data

    def checkpoint(self, stored: Any) -> list[bytes]:
        snapshot = stored["snapshot"]
        before = self._lines(snapshot["keyframe"]) if snapshot["keyframe"] else []
        lines: list[bytes] = []
        for line in self._lines(snapshot["blob"]):
            if line.startswith(b"["):
                start, count = json.loads(line)
                lines += before[start : start + count]
            else:
                lines.append(line)
        root = hashlib.sha256(b"".join(hashlib.sha256(line).digest() for line in lines)).hexdigest()
        assert root == stored["version"]["checkpoint_digest"]
        return lines

    def _lines(self, digest: str) -> list[bytes]:
        return zstandard.ZstdDecompressor().decompress(self.blob(digest)).splitlines()


def newest_hash(folder: Path) -> str:
    """What somebody would have written down elsewhere."""
    newest = max((folder / "stacks/shop/dev/journal").iterdir())
    return hashlib.sha256(newest.read_bytes()).hexdigest()


def read_all(folder: Path, newest: str) -> list[tuple[Any, list[Any]]]:
    """Every version, newest first, with its resources; every hash on the way is looked at."""
    store, found = ByHand(folder), []
    for entry in store.entries(newest):
        stored = store.version(entry["event"])
        engine, *resources = map(json.loads, store.checkpoint(stored))
        assert engine["checkpoint"]["latest"]["resources"] == []
        version = stored["version"]
        assert [store.blob(digest) for digest in version["assets"]] == [CODE]
        assert "url" in json.loads(store.blob(version["links"]))["resources"].popitem()[1]["outputs"]
        tar = zstandard.ZstdDecompressor().decompress(store.blob(version["source"]["bundle"]), max_output_size=1 << 20)
        with tarfile.open(fileobj=io.BytesIO(tar)) as files:
            member = files.extractfile("__main__.py")
            assert member is not None
            assert member.read() == PROGRAM
        found.append((stored, resources))
    return found


def test_every_version_is_read_by_hand_hash_by_hash(folder: Path) -> None:
    (second, later), (first, earlier) = read_all(folder, newest_hash(folder))

    assert first["snapshot"]["keyframe"] is None
    assert second["snapshot"]["keyframe"] == first["snapshot"]["blob"]
    assert [found[-1]["inputs"]["memory"] for found in (earlier, later)] == [1, 2]
    assert [found[5]["inputs"]["size"] for found in (earlier, later)] == [4, 4]


def test_no_byte_can_be_changed_without_that_hash_showing_it(folder: Path) -> None:
    newest = newest_hash(folder)
    reached = ("journal/", "versions/", "blobs/")
    objects = [path for path in folder.rglob("*") if path.is_file() and any(part in str(path) for part in reached)]
    assert len(objects) == 2 + 2 + 5

    for path in objects:
        kept = path.read_bytes()
        path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        with pytest.raises(AssertionError):
            read_all(folder, newest)
        path.write_bytes(kept)
    read_all(folder, newest)
