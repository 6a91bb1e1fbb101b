"""Bytes of assets: laid out where they were recorded, verified, or said to be gone."""

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.replay.assets import MissingAsset, PlacedAssets, place_assets
from rollback_plugin.replay.property_values import ARCHIVE, ASSET, SIGNATURE
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.store import FolderStore
from rollback_plugin.versions.asset_hash import Member, asset_archive_bytes, tar_stream
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import sha256_hex
from tests.unit.replay.resources import resource

FOLDER_BYTES = tar_stream([("app.py", b"print(1)"), ("lib/inner.py", b"x = 1")])


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(FolderStore(tmp_path / "store"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def asset(data: bytes, path: str, kind: str = ASSET) -> dict[str, Any]:
    return {SIGNATURE: kind, "hash": sha256_hex(data), "path": path}


def holder(value: object) -> RecordedResource:
    return resource("aws:lambda/function:Function", "orders", inputs={"code": value})


def placed(value: object, blobs: BlobStore, folder: Path) -> PlacedAssets:
    assets, missing = place_assets([holder(value)], {}, blobs, folder)
    assert missing == ()
    return assets


def test_a_file_lies_where_the_program_had_it(blobs: BlobStore, folder: Path) -> None:
    blobs.keep(b"content")
    value = asset(b"content", "./data/file.txt")

    assert placed(value, blobs, folder).place(value) == value
    assert (folder / "data/file.txt").read_bytes() == b"content"


@pytest.mark.parametrize("path", ["/somewhere/else/file.txt", "../outside/file.txt"])
def test_a_file_from_outside_the_project_gets_a_place_inside(blobs: BlobStore, folder: Path, path: str) -> None:
    blobs.keep(b"content")
    value = asset(b"content", path)

    moved = Path(placed(value, blobs, folder).place(value)["path"])

    assert moved.is_relative_to(folder)
    assert moved.name == "file.txt"
    assert moved.read_bytes() == b"content"


def test_two_files_with_one_path_do_not_overwrite_each_other(blobs: BlobStore, folder: Path) -> None:
    blobs.keep(b"one")
    blobs.keep(b"other")
    values = [asset(b"one", "file.txt"), asset(b"other", "file.txt")]

    paths = [value["path"] for value in placed(values, blobs, folder).place(values)]

    assert [(folder / path).read_bytes() for path in paths] == [b"one", b"other"]


def test_a_folder_is_laid_out_again(blobs: BlobStore, folder: Path) -> None:
    blobs.keep(FOLDER_BYTES)

    placed(asset(FOLDER_BYTES, "./app", ARCHIVE), blobs, folder)

    assert (folder / "app/app.py").read_bytes() == b"print(1)"
    assert (folder / "app/lib/inner.py").read_bytes() == b"x = 1"


@pytest.mark.parametrize("name", ["../outside", "/outside", "app/../../outside"])
def test_a_folder_holds_nothing_outside_of_itself(blobs: BlobStore, folder: Path, name: str) -> None:
    stream = tar_stream([(name, b"x")])
    blobs.keep(stream)

    with pytest.raises(DamagedSnapshot, match="no file within the folder"):
        placed(asset(stream, "./app", ARCHIVE), blobs, folder)

    assert not list(folder.parent.rglob("outside"))


def test_a_folder_holds_no_links(blobs: BlobStore, folder: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    blobs.keep(stream.getvalue())

    with pytest.raises(DamagedSnapshot, match="no file within the folder"):
        placed(asset(stream.getvalue(), "./app", ARCHIVE), blobs, folder)


def test_an_archive_made_of_assets_is_taken_apart_again(blobs: BlobStore, folder: Path) -> None:
    inner, packed = [("inner.py", b"x = 1")], b"bytes of a zip file"
    members: dict[str, bytes | list[Member]] = {
        "app.py": b"print(1)",
        "lib": inner,
        "packed": [("y.py", b"y = 1")],
        "text": b"text",
    }
    data = asset_archive_bytes(members)
    blobs.keep(data)
    parts = {
        "app.py": asset(b"print(1)", "app.py"),
        "lib": asset(tar_stream(inner), "./lib", ARCHIVE),
        "packed": asset(packed, "build/packed.zip", ARCHIVE),
        "text": {SIGNATURE: ASSET, "hash": sha256_hex(b"text"), "text": "text"},
    }
    value = {SIGNATURE: ARCHIVE, "hash": sha256_hex(data), "assets": parts}

    registered = placed(value, blobs, folder).place(value)

    as_recorded = {name: part for name, part in registered["assets"].items() if name != "packed"}
    assert as_recorded == {name: part for name, part in parts.items() if name != "packed"}
    assert (folder / "app.py").read_bytes() == b"print(1)"
    assert (folder / "lib/inner.py").read_bytes() == b"x = 1"
    assert registered["assets"]["packed"]["hash"] == sha256_hex(packed)
    assert (folder / registered["assets"]["packed"]["path"] / "y.py").read_bytes() == b"y = 1"


def test_an_archive_whose_parts_are_not_what_is_kept_becomes_one_tar_file(blobs: BlobStore, folder: Path) -> None:
    blobs.keep(FOLDER_BYTES)
    value = {SIGNATURE: ARCHIVE, "hash": sha256_hex(FOLDER_BYTES), "assets": {"app.py": asset(b"print(1)", "app.py")}}

    registered = placed(value, blobs, folder).place(value)

    assert Path(registered["path"]).read_bytes() == FOLDER_BYTES
    assert registered["path"].endswith(".tar")


def test_a_text_needs_no_bytes(blobs: BlobStore, folder: Path) -> None:
    value = {SIGNATURE: ASSET, "hash": sha256_hex(b"text"), "text": "text"}

    assert placed(value, blobs, folder).place(value) == value


def test_bytes_that_are_gone_are_named(blobs: BlobStore, folder: Path) -> None:
    value = asset(b"content", "file.txt")

    _, missing = place_assets([holder(value)], {}, blobs, folder)

    assert missing == (
        MissingAsset(
            holder(value).urn, ("code",), f"the bytes of file.txt (hash {value['hash']}) are not kept in the store"
        ),
    )


def test_bytes_that_the_resource_has_already_are_not_needed(blobs: BlobStore, folder: Path) -> None:
    value = asset(b"content", "file.txt")

    assets, missing = place_assets([holder(value)], {holder(value).urn: holder(value)}, blobs, folder)

    assert missing == ()
    assert assets.place(value) == value


def test_other_bytes_in_the_resource_do_not_help(blobs: BlobStore, folder: Path) -> None:
    value = asset(b"content", "file.txt")
    live = {holder(value).urn: holder(asset(b"other", "file.txt"))}

    _, missing = place_assets([holder(value)], live, blobs, folder)

    assert len(missing) == 1


def test_bytes_that_were_tampered_with_are_never_laid_out(blobs: BlobStore, folder: Path, tmp_path: Path) -> None:
    digest = blobs.keep(b"content")
    FolderStore(tmp_path / "store").write(f"blobs/{digest[:2]}/{digest}", b"evil")

    with pytest.raises(DamagedSnapshot, match=digest):
        place_assets([holder(asset(b"content", "file.txt"))], {}, blobs, folder)

    assert list(folder.iterdir()) == []
