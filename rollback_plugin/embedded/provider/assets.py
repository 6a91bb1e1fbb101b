"""The bytes of assets and archives, read when a resource is created or updated.

The engine hands over where the bytes are and their hash, not the bytes. Archives are zipped as Lambda takes them;
members are stored in sorted order with a fixed time, so that equal content gives equal zips. Source: pulumi/pulumi,
sdk/go/common/resource/archive/archive.go (folders are walked, zip files passed through, tar files repacked).
"""

import io
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

from rollback_plugin.errors import EmbeddedError

from .values import Archive, Asset

_ZIP_TIME = (1990, 1, 1, 0, 0, 0)
"""Of every member, whatever its file says; modes aren't kept either (addNextFileToZIP in archive.go)."""


def asset_bytes(asset: Asset | Archive) -> bytes:
    """The content of an asset; an archive where an asset is wanted is its zip. Raises `EmbeddedError` when gone."""
    if isinstance(asset, Archive):
        return zip_bytes(asset)
    if asset.text is not None:
        return asset.text.encode()
    if asset.path:
        return _file_bytes(Path(asset.path))
    if asset.uri:
        return _remote_bytes(asset.uri)
    raise EmbeddedError(
        f"An asset (hash {asset.hash or 'unknown'}) says neither path, text nor URI, so its bytes can't be read."
    )


def zip_bytes(archive: Archive) -> bytes:
    """The archive as a zip file. Raises `EmbeddedError` when its files are gone or in no known archive format."""
    if archive.path and Path(archive.path).is_file() and zipfile.is_zipfile(archive.path):
        return Path(archive.path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in sorted(_members(archive)):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(entry, content)
    return buffer.getvalue()


def _members(archive: Archive) -> Iterator[tuple[str, bytes]]:
    if archive.assets is not None:
        for name, member in archive.assets.items():
            if isinstance(member, Archive):
                yield from ((f"{name}/{inner}", content) for inner, content in _members(member))
            else:
                yield name, asset_bytes(member)
    elif archive.path and Path(archive.path).is_dir():
        yield from _folder_members(Path(archive.path))
    elif archive.path:
        yield from _packed_members(_file_bytes(Path(archive.path)), archive.path)
    elif archive.uri:
        yield from _packed_members(_remote_bytes(archive.uri), archive.uri)
    else:
        raise EmbeddedError(
            f"An archive (hash {archive.hash or 'unknown'}) says neither path, members nor URI, "
            "so its bytes can't be read."
        )


def _folder_members(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and ".pulumi" not in relative.parts:
            yield relative.as_posix(), path.read_bytes()


def _packed_members(content: bytes, place: str) -> Iterator[tuple[str, bytes]]:
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for entry in packed.infolist():
                if not entry.is_dir():
                    yield entry.filename, packed.read(entry)
        return
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as packed_tar:
            for member in packed_tar.getmembers():
                extracted = packed_tar.extractfile(member)
                if extracted is not None:
                    yield member.name, extracted.read()
    except tarfile.ReadError as error:
        raise EmbeddedError(
            f"{place} is neither a folder, a zip nor a tar file, so it can't be used as an archive."
        ) from error


def _file_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EmbeddedError(
            f"The asset file {path} can't be read ({error.strerror}); is the working directory the program's?"
        ) from error


def _remote_bytes(uri: str) -> bytes:
    try:
        with urllib.request.urlopen(uri, timeout=30) as response:  # noqa: S310 - the program names the asset
            content: bytes = response.read()
            return content
    except OSError as error:
        raise EmbeddedError(f"The remote asset {uri} can't be fetched: {error}") from error
