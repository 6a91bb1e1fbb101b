"""The stream that stands for a folder is a tar that others can read, in the engine's order.

That its hash is the engine's is tested against the engine itself, in tests/recording.
"""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.versions.asset_hash import (
    archive_file_members,
    asset_archive_bytes,
    folder_members,
    path_archive_bytes,
    tar_stream,
)
from rollback_plugin.versions.canonical import sha256_hex


def write(folder: Path, name: str, text: str = "") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def unpack(stream: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "n" * 100,
        "n" * 101,
        "p" * 90 + "/" + "n" * 90,
        "p" * 155 + "/" + "n" * 100,
        "p" * 156 + "/" + "n" * 100,
        "é/ü.txt",
        "y" * 99 + "/é",
        "deep/" * 60 + "file",
    ],
)
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513])
def test_any_name_and_size_can_be_read_back(name: str, size: int) -> None:
    assert unpack(tar_stream([(name, b"x" * size), ("last", b"end")])) == {name: b"x" * size, "last": b"end"}


def test_files_come_folder_by_folder_in_order_of_their_bytes(tmp_path: Path) -> None:
    for name in ("b", "a/z", "a.txt", "a-b/c", "é", "Z"):
        write(tmp_path, name)

    assert [name for name, _ in folder_members(tmp_path)] == ["Z", "a/z", "a-b/c", "a.txt", "b", "é"]


def test_bookkeeping_and_linked_folders_are_left_out_and_linked_files_followed(tmp_path: Path) -> None:
    write(tmp_path, "real/file", "content")
    write(tmp_path, ".pulumi/state")
    write(tmp_path, "real/.pulumi")
    (tmp_path / "linked").symlink_to("real")
    (tmp_path / "link").symlink_to("real/file")

    assert folder_members(tmp_path) == [("link", b"content"), ("real/file", b"content")]


def test_an_archive_file_is_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(b"whatever")

    assert path_archive_bytes(tmp_path / "code.zip") == b"whatever"


def test_an_empty_asset_archive_has_the_hash_the_engine_knows_by_heart() -> None:
    # sdk/go/common/resource/archive/archive.go: IsAssets
    assert sha256_hex(asset_archive_bytes({})) == "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"


def test_inner_archives_are_laid_out_under_their_name_and_the_first_of_two_files_counts() -> None:
    members = asset_archive_bytes({"b": [("x", b"1"), ("./y/../z", b"2")], "b/x": b"3", "a": b"0"})

    assert unpack(members) == {"a": b"0", "b/x": b"1", "b/z": b"2"}


def test_zip_and_tar_archives_show_their_files(tmp_path: Path) -> None:
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/b", b"1")
        archive.writestr("a", b"2")
    write(tmp_path, "content", "3")
    with tarfile.open(fileobj=tarred, mode="w:gz") as tar:
        tar.add(tmp_path, "./inside")

    assert archive_file_members(zipped.getvalue(), "code.jar") == [("folder/b", b"1"), ("a", b"2")]
    assert archive_file_members(tarred.getvalue(), "code.tar.gz") == [("inside/content", b"3")]


@pytest.mark.parametrize("name", ["code.zip", "code.tar", "code.tgz"])
def test_an_archive_that_is_none_is_named(name: str) -> None:
    with pytest.raises(InvalidConfiguration, match=name):
        archive_file_members(b"not an archive", name)


def test_an_encrypted_archive_is_named() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", b"1")
    data = bytearray(stream.getvalue())
    # General purpose flag, bit 0, in the local and the central header (PKWARE APPNOTE 4.3.7, 4.3.12).
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(InvalidConfiguration, match=r"code\.zip"):
        archive_file_members(bytes(data), "code.zip")
