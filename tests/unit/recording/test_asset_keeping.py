"""Of what the engine shows, every asset's bytes are kept, but for secret ones."""

from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.recording.asset_keeping import AssetKeeper
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.versions.asset_hash import tar_stream
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import sha256_hex

KEY = "4dabf18193072939515e22adb298388d"
FILE = {KEY: "c44067f5952c0a294b673a41bacd8c17", "path": "a.py"}
TEXT = {KEY: "c44067f5952c0a294b673a41bacd8c17", "text": "hunter2"}
REMOTE = {KEY: "c44067f5952c0a294b673a41bacd8c17", "uri": "https://example.com/a"}
FOLDER = {KEY: "0def7320c3a5731c473e5ecbe6d01bc7", "path": "src"}
FILE_HASH = sha256_hex(b"A")
FOLDER_HASH = sha256_hex(tar_stream([("b.py", b"B")]))


def archive(**members: Any) -> dict[str, Any]:
    return {KEY: "0def7320c3a5731c473e5ecbe6d01bc7", "assets": members}


def secret(value: Any) -> dict[str, Any]:
    return {KEY: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def output(value: Any, **more: Any) -> dict[str, Any]:
    return {KEY: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": value, **more}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    (folder / "src").mkdir(parents=True)
    (folder / "a.py").write_bytes(b"A")
    (folder / "src" / "b.py").write_bytes(b"B")
    return folder


@pytest.mark.parametrize(
    ("inputs", "hashes"),
    [
        ({"code": FILE}, {FILE_HASH}),
        ({"code": FOLDER}, {FOLDER_HASH}),
        ({"layers": [FOLDER, {"deep": FILE}]}, {FILE_HASH, FOLDER_HASH}),
        ({"code": output(FILE, dependencies=["urn"])}, {FILE_HASH}),
        ({"code": archive(lib=FOLDER, main=FILE)}, {sha256_hex(tar_stream([("lib/b.py", b"B"), ("main", b"A")]))}),
        ({"code": archive(main=output(FILE))}, {sha256_hex(tar_stream([("main", b"A")]))}),
        ({"plain": {"path": "a.py"}, "number": 1.0, "nothing": None}, set()),
        ({"remote": REMOTE}, set()),
    ],
)
def test_assets_are_kept_under_the_engines_hash(
    tmp_path: Path, program: Path, inputs: dict[str, Any], hashes: set[str]
) -> None:
    store, warnings = FolderStore(tmp_path / "store"), list[str]()

    AssetKeeper(BlobStore(store), program, warnings.append).keep("aws:lambda/function:Function f", inputs)

    assert {key.rsplit("/", 1)[1] for key in store.list()} == hashes
    assert warnings == []


@pytest.mark.parametrize(
    "inputs",
    [
        {"code": secret(TEXT)},
        {"code": output(TEXT, secret=True)},
        {"code": secret({"deep": [TEXT]})},
        {"code": archive(main=FILE, key=secret(TEXT))},
        {"code": secret(archive(key=TEXT))},
    ],
)
def test_secret_assets_are_not_kept_and_that_is_said(tmp_path: Path, program: Path, inputs: dict[str, Any]) -> None:
    store, warnings = FolderStore(tmp_path / "store"), list[str]()

    AssetKeeper(BlobStore(store), program, warnings.append).keep("aws:lambda/function:Function f", inputs)

    assert list(store.list()) == []
    assert len(warnings) == 1
    assert "code" in warnings[0]
    assert "aws:lambda/function:Function f" in warnings[0]
    assert "hunter2" not in warnings[0]


def test_an_asset_that_can_not_be_read_is_said_and_the_others_kept(tmp_path: Path, program: Path) -> None:
    store, warnings = FolderStore(tmp_path / "store"), list[str]()

    AssetKeeper(BlobStore(store), program, warnings.append).keep(
        "T n", {"gone": {**FILE, "path": "gone"}, "code": FILE}
    )

    assert len(list(store.list())) == 1
    assert "gone of T n" in warnings[0]


def test_a_store_that_fails_is_said_once_and_not_asked_again(tmp_path: Path, program: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder must be")
    warnings = list[str]()
    store = FolderStore(tmp_path / "file" / "store")

    keeper = AssetKeeper(BlobStore(store), program, warnings.append)
    keeper.keep("T n", {"code": FILE, "more": FOLDER})
    (tmp_path / "file").unlink()
    keeper.keep("T m", {"code": FILE})

    assert len(warnings) == 1
    assert "not kept" in warnings[0]
    assert not (tmp_path / "file").exists()


def test_whatever_goes_wrong_is_a_warning_and_no_failed_deploy(tmp_path: Path, program: Path) -> None:
    """A text that is no UTF-8 is one thing nobody thinks of."""
    store, warnings = FolderStore(tmp_path / "store"), list[str]()

    keeper = AssetKeeper(BlobStore(store), program, warnings.append)
    keeper.keep("T n", {"odd": {**TEXT, "text": "\ud800"}, "code": FILE})

    assert [key.rsplit("/", 1)[1] for key in store.list()] == [FILE_HASH]
    assert "odd of T n" in warnings[0]
