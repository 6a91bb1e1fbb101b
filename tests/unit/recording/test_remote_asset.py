"""What a program names by an address is kept if the very bytes that were deployed are still there."""

from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.recording.asset_recording import record_assets
from rollback_plugin.recording.remote_asset import fetch
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import sha256_hex
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.properties import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, SIGNATURE_KEY
from tests.unit.versions.examples import checkpoint, resource

BYTES = b"what was deployed"
ADDRESS = "https://example.com/app.zip?token=hunter2"


def deployed(signature: str) -> Checkpoint:
    asset: dict[str, Any] = {SIGNATURE_KEY: signature, "hash": sha256_hex(BYTES), "uri": ADDRESS}
    return checkpoint(resource("app", inputs={"code": asset}))


@pytest.mark.parametrize("signature", [ASSET_SIGNATURE, ARCHIVE_SIGNATURE])
def test_the_bytes_that_were_deployed_are_kept(tmp_path: Path, signature: str) -> None:
    blobs = BlobStore(FolderStore(tmp_path))

    recorded = record_assets(1, deployed(signature), blobs, None, {ADDRESS: BYTES}.__getitem__)

    assert (recorded.missing, recorded.warnings) == ((), ())
    assert [blobs.read(digest) for digest in recorded.kept] == [BYTES]


def test_other_bytes_are_not_kept_and_that_is_said(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)

    recorded = record_assets(1, deployed(ARCHIVE_SIGNATURE), BlobStore(store), None, lambda _: b"something else")

    assert list(store.list()) == []
    assert "what is there now is something else" in recorded.warnings[0]
    assert "hunter2" not in recorded.warnings[0]


def test_an_address_that_does_not_answer_is_said(tmp_path: Path) -> None:
    def unreachable(address: str) -> bytes:
        raise InvalidConfiguration("It could not be fetched.")

    recorded = record_assets(1, deployed(ARCHIVE_SIGNATURE), BlobStore(FolderStore(tmp_path)), None, unreachable)

    assert [missing.why for missing in recorded.missing] == [
        "the engine fetched them from an address: It could not be fetched."
    ]


def test_a_file_address_is_read(tmp_path: Path) -> None:
    (tmp_path / "app.zip").write_bytes(BYTES)

    assert fetch((tmp_path / "app.zip").as_uri()) == BYTES


@pytest.mark.parametrize("address", ["ftp://example.com/hunter2", "file:///no/such/hunter2", "nothing like hunter2"])
def test_what_can_not_be_fetched_is_not_repeated(address: str) -> None:
    with pytest.raises(InvalidConfiguration) as refusal:
        fetch(address)

    assert "hunter2" not in str(refusal.value)
