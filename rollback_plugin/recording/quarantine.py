"""No pipeline deploys again what was rolled back, until it changes or a person releases it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rollback_plugin.errors import InvalidConfiguration, QuarantinedContent
from rollback_plugin.journal.journal import Journal
from rollback_plugin.recording.asset_bytes import hashed_bytes
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.asset_hash import archive_file_members, is_archive_file
from rollback_plugin.versions.assets import AssetKind, asset_kind
from rollback_plugin.versions.canonical import sha256_hex
from rollback_plugin.versions.properties import SECRET_SIGNATURE, signature, walk


def refuse_quarantined(
    journal: Journal,
    digest: str,
    now: datetime,
    *,
    same_assets: Callable[[int], bool] = lambda _: True,
) -> None:
    """Return where content with this digest may be deployed.

    same_assets: whether a version's assets are, as far as can be seen, those that would be deployed now. They may be
    made outside of the project's folder, so an equal digest alone doesn't make content equal. Of a pruned version only
    the digest is left to be asked.
    Raises `QuarantinedContent` with the reason and the ways out; what reading the journal raises, too.
    """
    for version in journal.status(now).versions:
        if not version.quarantined or version.content_digest != digest:
            continue
        if version.pruned is not None or same_assets(version.number):
            raise QuarantinedContent(
                f"This is the content of version {version.number}, which is quarantined: {version.reason.rstrip('.')}."
                f" It isn't deployed again. Change the program or the stack's config, or, if version {version.number}"
                f" is not to blame, run `rollback release {version.number}` and deploy again."
            )


def same_assets(archive: VersionArchive, number: int, folder: Path) -> bool:
    """Whether nothing on this machine differs from the assets that version was deployed with.

    folder: where the program runs. An asset that isn't there (yet: the program may be about to build it) doesn't make a
    difference; one whose bytes differ does, but for archive files that hold the same files: building one again changes
    its time stamps.
    Raises `UnknownVersion`, `DamagedSnapshot`, `StoreError`s.
    """
    for resource in archive.checkpoint(number).resources:
        if resource.delete:
            continue
        for _, value in walk(resource.inputs or {}):
            if signature(value) != SECRET_SIGNATURE and isinstance(value, Mapping) and _differs(archive, value, folder):
                return False
    return True


def _differs(archive: VersionArchive, asset: Mapping[str, Any], folder: Path) -> bool:
    if asset_kind(asset) not in (AssetKind.FILE, AssetKind.PATH_ARCHIVE):
        return False
    recorded = str(asset.get("hash", ""))
    try:
        data = hashed_bytes(asset, folder)
    except (OSError, InvalidConfiguration):
        return False
    if sha256_hex(data) == recorded:
        return False
    path = str(asset["path"])
    if not is_archive_file(path) or not archive.blobs.has(recorded):
        return True
    return _members(data, path) != _members(archive.blobs.read(recorded), path)


def _members(data: bytes, path: str) -> list[tuple[str, bytes]] | None:
    try:
        return sorted(archive_file_members(data, path))
    except InvalidConfiguration:
        return None
