"""Assets as a checkpoint names them: a path, a text or a set of members, and the hash of the bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rollback_plugin.versions.properties import (
    ARCHIVE_SIGNATURE,
    ASSET_SIGNATURE,
    SECRET_SIGNATURE,
    PropertyPath,
    path_text,
    signature,
)


class AssetKind(StrEnum):
    """What the program wrote: `FileAsset`, `StringAsset`, `RemoteAsset`, `FileArchive`, `AssetArchive`,
    `RemoteArchive`."""

    FILE = "file"
    TEXT = "text"
    REMOTE_FILE = "remote_file"
    PATH_ARCHIVE = "path_archive"
    ASSET_ARCHIVE = "asset_archive"
    REMOTE_ARCHIVE = "remote_archive"


@dataclass(frozen=True, slots=True)
class AssetReference:
    """One asset or archive that a resource was given."""

    urn: str
    property_path: PropertyPath
    kind: AssetKind
    hash: str
    """The engine's hash; empty where the checkpoint has none."""
    path: str = ""
    """As the program wrote it: relative to the folder the program ran in, or absolute."""
    value: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The asset as the checkpoint has it."""

    @property
    def property_text(self) -> str:
        return path_text(self.property_path)

    @property
    def needs_bytes(self) -> bool:
        """Whether the checkpoint alone can't rebuild it. A text stands in the checkpoint itself."""
        return self.kind is not AssetKind.TEXT


def asset_kind(value: Mapping[str, Any]) -> AssetKind | None:
    """Which kind of asset a value of a checkpoint is; None if it is none.

    The order of the questions is the engine's (asset.go and archive.go: Deserialize).
    """
    found = signature(value)
    if found == ASSET_SIGNATURE:
        return AssetKind.FILE if value.get("path") else AssetKind.REMOTE_FILE if value.get("uri") else AssetKind.TEXT
    if found == ARCHIVE_SIGNATURE:
        if value.get("path"):
            return AssetKind.PATH_ARCHIVE
        return AssetKind.REMOTE_ARCHIVE if value.get("uri") else AssetKind.ASSET_ARCHIVE
    return None


def asset_references(urn: str, value: object, path: PropertyPath = ()) -> Iterator[AssetReference]:
    """Assets inside a property value, outermost only: an asset archive is one asset."""
    if signature(value) == SECRET_SIGNATURE:
        return
    if isinstance(value, Mapping):
        kind = asset_kind(value)
        if kind is not None:
            yield AssetReference(urn, path, kind, str(value.get("hash", "")), str(value.get("path", "")), value)
            return
        for key, inner in value.items():
            yield from asset_references(urn, inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from asset_references(urn, inner, (*path, index))
