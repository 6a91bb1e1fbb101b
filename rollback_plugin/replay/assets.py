"""Puts the bytes of recorded assets where the engine and the providers can read them, checked before anything starts.

The engine trusts the hash it is given with an asset and doesn't read the bytes (`EnsureHash` in
sdk/go/common/resource/asset/asset.go keeps a hash that is there), so wrong bytes under a right hash would be deployed
without a word. Kept bytes lie in the blob store under the engine's own hash, and reading them verifies it.
"""

import io
import posixpath
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.replay.property_values import ARCHIVE, ASSET, SIGNATURE, PropertyPath, Value, path_text, signature
from rollback_plugin.replay.property_values import assets as assets_within
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.versions.asset_hash import archive_file_members, folder_members, is_archive_file, tar_stream
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import sha256_hex


@dataclass(frozen=True, slots=True)
class MissingAsset:
    """An asset whose bytes are needed and not kept."""

    urn: str
    path: PropertyPath
    why: str

    def __str__(self) -> str:
        return f"{path_text(self.path)} of {self.urn}: {self.why}"


@dataclass
class PlacedAssets:
    """Where each asset's bytes lie, by the engine's hash."""

    by_hash: dict[str, str] = field(default_factory=dict)
    bytes_by_hash: dict[str, int] = field(default_factory=dict)
    """How many bytes each of them took from the store."""

    def place(self, value: Value) -> Value:
        """The value with every placed asset pointing to its bytes; text assets carry theirs, and the rest stays as
        recorded."""
        kind = signature(value)
        if kind in (ASSET, ARCHIVE):
            path = self.by_hash.get(value.get("hash", ""))
            if path is None and value.get("assets"):
                return {**value, "assets": self.place(value["assets"])}
            if path is None or "text" in value:
                return value
            return {SIGNATURE: kind, "hash": value["hash"], "path": path}
        if isinstance(value, Mapping):
            return {key: self.place(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.place(item) for item in value]
        return value


def place_assets(
    resources: Iterable[RecordedResource], current: Mapping[str, RecordedResource], blobs: BlobStore, folder: Path
) -> tuple[PlacedAssets, tuple[MissingAsset, ...]]:
    """Write the bytes of every asset below `folder`, and say which are needed and gone.

    Bytes that aren't kept are no obstacle where the current state's resource has an asset of the same hash at the same
    property: nothing is to be uploaded then.

    Raises:
        DamagedSnapshot: kept bytes don't have the hash they are kept under.
    """
    placed = PlacedAssets()
    missing: list[MissingAsset] = []
    for resource in resources:
        live = (
            {path: a.get("hash") for path, a in assets_within(dict(current[resource.urn].inputs))}
            if resource.urn in current
            else {}
        )
        for path, asset in _outermost(resource.inputs):
            digest = asset.get("hash", "")
            if "text" in asset or digest in placed.bytes_by_hash:
                continue
            if digest and blobs.has(digest):
                data = blobs.read(digest)
                _lay_out(asset, data, folder, placed)
                placed.bytes_by_hash[digest] = len(data)
            elif not digest or live.get(path) != digest:
                origin = asset.get("path") or asset.get("uri") or "its parts"
                missing.append(
                    MissingAsset(
                        resource.urn,
                        path,
                        f"the bytes of {origin} (hash {digest or 'unknown'}) are not kept in the store",
                    )
                )
    return placed, tuple(missing)


def _outermost(inputs: Mapping[str, Value]) -> list[tuple[PropertyPath, Mapping[str, Value]]]:
    """Assets that aren't part of an archive made of assets: its bytes are kept as a whole."""
    found = list(assets_within(dict(inputs)))
    archives = [path for path, asset in found if asset.get("assets")]
    return [(path, asset) for path, asset in found if not any(path[: len(a)] == a and path != a for a in archives)]


def _lay_out(asset: Mapping[str, Value], data: bytes, folder: Path, placed: PlacedAssets) -> None:
    """Write one kept asset, and note where. An archive made of assets is taken apart again, so that it is registered
    as the program gave it; where its parts and what is kept don't fit together, it becomes one tar file."""
    if asset.get("assets"):
        files = dict(archive_file_members(data, "archive.tar"))
        parts = list(_parts(asset["assets"], files, ""))
        if {name for part in parts for name in part.files} == files.keys():
            for part in parts:
                part.write(folder, placed)
            return
    placed.by_hash[asset["hash"]] = _write(asset, data, folder)


@dataclass(frozen=True, slots=True)
class _Part:
    """An asset or archive inside an archive made of assets, with the files of the whole that it stands for."""

    asset: Mapping[str, Value]
    place: str
    files: Mapping[str, bytes]

    def write(self, folder: Path, placed: PlacedAssets) -> None:
        if "text" in self.asset or self.asset["hash"] in placed.by_hash:
            return
        if signature(self.asset) == ASSET:
            placed.by_hash[self.asset["hash"]] = _write(self.asset, self.files[self.place], folder)
            return
        members = [(name.removeprefix(f"{self.place}/"), content) for name, content in self.files.items()]
        # Of an archive file only what was in it is part of the whole; a folder with that is the same to the engine.
        name = _recorded_name(self.asset)
        as_folder = {**self.asset, "path": name.rpartition(".")[0]} if is_archive_file(name) else self.asset
        stream = tar_stream(members)
        placed.by_hash[self.asset["hash"]] = _write({**as_folder, "hash": sha256_hex(stream)}, stream, folder)


def _parts(assets: Mapping[str, Mapping[str, Value]], files: Mapping[str, bytes], prefix: str) -> Iterator[_Part]:
    for name, asset in assets.items():
        place = posixpath.normpath(prefix + name)
        if asset.get("assets"):
            yield from _parts(asset["assets"], files, f"{place}/")
        elif signature(asset) == ASSET:
            yield _Part(asset, place, {place: files[place]} if place in files else {})
        else:
            yield _Part(asset, place, {n: content for n, content in files.items() if n.startswith(f"{place}/")})


def _write(asset: Mapping[str, Value], data: bytes, folder: Path) -> str:
    """Write an asset's bytes under the path it was recorded with where that is within `folder`; return the path to
    register.

    The name decides how the engine reads an archive, so it is kept in any case.
    """
    recorded = _recorded_name(asset)
    inside = PurePosixPath(recorded)
    kept_in_place = bool(asset.get("path")) and not inside.is_absolute() and ".." not in inside.parts
    destination = folder / inside if kept_in_place else folder / "assets" / asset["hash"] / inside.name
    if destination.exists():
        destination, kept_in_place = folder / "assets" / asset["hash"] / inside.name, False
    destination.parent.mkdir(parents=True, exist_ok=True)
    if signature(asset) == ARCHIVE and not is_archive_file(destination.name):
        _unpack(data, destination, asset["hash"])
    else:
        destination.write_bytes(data)
    return recorded if kept_in_place else str(destination)


def _recorded_name(asset: Mapping[str, Value]) -> str:
    address = urlsplit(str(asset.get("uri") or ""))
    return str(asset.get("path") or address.path.rpartition("/")[2] or "archive.tar")


def _unpack(data: bytes, destination: Path, digest: str) -> None:
    """Lay out a folder from the tar stream the engine hashed for it, and check that the folder hashes the same
    again."""
    destination.mkdir(exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            content = tar.extractfile(member) if member.isreg() else None
            # The engine's stream has files only, by names within the folder.
            if content is None or name.is_absolute() or ".." in name.parts:
                raise DamagedSnapshot(
                    f"The folder archive with hash {digest} has the member {member.name!r}, which is no file within the"
                    " folder. Nothing was changed; choose another version, or restore the store from a backup."
                )
            path = destination / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())
    found = sha256_hex(tar_stream(folder_members(destination)))
    if found != digest:
        raise DamagedSnapshot(
            f"The folder archive with hash {digest} has the hash {found} once it is laid out again. Nothing was"
            " changed; choose another version, or restore the store from a backup."
        )
