"""The bytes of assets, read where the program points to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.versions.asset_hash import (
    Member,
    asset_archive_bytes,
    flatten,
    is_archive_file,
    path_archive_bytes,
    path_archive_members,
)
from rollback_plugin.versions.assets import AssetKind, asset_kind
from rollback_plugin.versions.version import AssetForm


def hashed_bytes(asset: Mapping[str, Any], folder: Path) -> bytes:
    """The bytes whose sha256 is the engine's hash of `asset`, a value as a checkpoint has it.

    folder: what relative paths start from. Raises `OSError`, and `InvalidConfiguration` for what can't be read here.
    """
    match asset_kind(asset):
        case AssetKind.TEXT:
            return str(asset.get("text", "")).encode()
        case AssetKind.FILE:
            return (folder / str(asset["path"])).read_bytes()
        case AssetKind.PATH_ARCHIVE:
            return path_archive_bytes(folder / asset["path"])
        case AssetKind.ASSET_ARCHIVE:
            members = asset.get("assets") or {}
            return asset_archive_bytes({name: _member(member, folder) for name, member in members.items()})
        case other:
            raise InvalidConfiguration(
                f"An asset of kind {other} is fetched by the engine, not read from this machine."
            )


def _member(asset: Mapping[str, Any], folder: Path) -> bytes | list[Member]:
    match asset_kind(asset):
        case AssetKind.PATH_ARCHIVE:
            return path_archive_members(folder / asset["path"])
        case AssetKind.ASSET_ARCHIVE:
            inner = asset.get("assets") or {}
            nested = {name: _member(member, folder) for name, member in inner.items()}
            return list(flatten(nested))
        case _:
            return hashed_bytes(asset, folder)


def form_of(kind: AssetKind, path: str) -> AssetForm:
    """Whether those bytes are a file's own, or the tar stream that stands for a folder or a set of members."""
    if kind is AssetKind.ASSET_ARCHIVE or (kind is AssetKind.PATH_ARCHIVE and not is_archive_file(path)):
        return AssetForm.TAR
    return AssetForm.FILE
