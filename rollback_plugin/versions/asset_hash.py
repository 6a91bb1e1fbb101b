"""The engine's hash of an asset, and the very bytes it is the hash of, computed without the engine.

A file, a text and an archive file are hashed as they are (sdk/go/common/resource/asset/asset.go: EnsureHash;
archive.go: EnsureHashWithWD). A folder and an asset archive are hashed as a tar stream of their files (archive.go:
archiveTar), written by Go's archive/tar with nothing but name, mode 0600 and size. So the hash of *what is hashed* is
the engine's hash in every case: kept bytes lie in the blob store under the engine's own hash. An archive kept as that
tar stream is, as a `.tar` file, an archive with the same hash again.
"""

import io
import os
import posixpath
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from rollback_plugin.errors import InvalidConfiguration

BLOCK_BYTES = 512
NAME_BYTES = 100
PREFIX_BYTES = 155
# The size field has 11 octal digits; Go writes larger files in another form, which nobody should put into an asset.
LARGEST_FILE_BYTES = 8**11 - 1
BOOKKEEPING_FOLDER = ".pulumi"
# archive.go: ArchiveExts. Whatever else a path archive names has to be a folder.
ARCHIVE_SUFFIXES = (".tar", ".tgz", ".tar.gz", ".zip", ".jar")


Member = tuple[str, bytes]


def is_archive_file(path: str) -> bool:
    """Whether the engine takes the path for an archive file: by its name alone (archive.go: detectArchiveFormat)."""
    return path.endswith(ARCHIVE_SUFFIXES)


def path_archive_bytes(path: Path) -> bytes:
    """What the engine hashes for `FileArchive(path)`. Raises `OSError`, `InvalidConfiguration`."""
    return path.read_bytes() if is_archive_file(str(path)) else tar_stream(folder_members(path))


def asset_archive_bytes(members: Mapping[str, bytes | list[Member]]) -> bytes:
    """What the engine hashes for `AssetArchive`: a member is a file's bytes, or the members of an inner archive."""
    return tar_stream(flatten(members))


def flatten(members: Mapping[str, bytes | list[Member]]) -> Iterator[Member]:
    """Members of an asset archive in the engine's order, inner archives laid out under their name
    (assetsArchiveReader)."""
    for name in sorted(members, key=lambda text: text.encode(errors="surrogateescape")):
        content = members[name]
        if isinstance(content, bytes):
            yield name, content
        else:
            for inner, data in content:
                yield _clean(posixpath.join(name, inner)), data


def path_archive_members(path: Path) -> list[Member]:
    """The files inside `FileArchive(path)`, as they are laid out when it is a member of an `AssetArchive`."""
    return archive_file_members(path.read_bytes(), str(path)) if is_archive_file(str(path)) else folder_members(path)


def archive_file_members(data: bytes, name: str) -> list[Member]:
    """The files inside the bytes of an archive file, in the archive's order (tarArchiveReader, zipArchiveReader).

    Raises `InvalidConfiguration` for one that can't be read.
    """
    try:
        if name.endswith((".zip", ".jar")):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return [(_clean(info.filename), archive.read(info)) for info in archive.infolist() if not info.is_dir()]
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as tar:
            return [(_clean(info.name), _tar_content(tar, info)) for info in tar if not info.isdir()]
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        # A RuntimeError is zipfile's word for an encrypted archive, and for a compression it doesn't know.
        raise InvalidConfiguration(f"The archive {name} can't be read: {error}. Build it again.") from None


def _tar_content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(info) if info.isreg() else None
    if content is None:
        raise tarfile.ReadError(f"{info.name} is neither a file nor a folder, and Pulumi takes no other")
    return content.read()


def folder_members(folder: Path) -> list[Member]:
    """The files of a folder in the engine's order: names sorted by their bytes, folder by folder (Go's filepath.Walk).

    Anything named `.pulumi` is left out, and so are links to folders; a link to a file counts as the file. Where
    `folder` is itself a link, the engine finds nothing in it.
    """
    if folder.is_symlink():
        return []
    return [(str(path.relative_to(folder).as_posix()), path.read_bytes()) for path in _walk(folder)]


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir(), key=lambda path: os.fsencode(path.name)):
        if path.name == BOOKKEEPING_FOLDER:
            continue
        if stat.S_ISDIR(path.lstat().st_mode):
            yield from _walk(path)
        elif not path.is_dir():
            yield path


def _clean(name: str) -> str:
    """Go's path.Clean: like normpath, but two leading slashes become one."""
    cleaned = posixpath.normpath(name)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def tar_stream(members: Iterator[Member] | list[Member]) -> bytes:
    """The tar that Go's archive/tar writes for these files; of two with one name, the first.

    Raises `InvalidConfiguration` for what it can't hold.
    """
    stream = bytearray()
    seen: set[str] = set()
    for name, data in members:
        if name in seen:
            continue
        seen.add(name)
        if len(data) > LARGEST_FILE_BYTES or "\0" in name:
            raise InvalidConfiguration(
                f"The file {name!r} can't be kept as part of an asset: 8 GiB is the most a file may have."
            )
        stream += _header(os.fsencode(name), len(data)) + data + _padding(len(data))
    return bytes(stream + bytes(2 * BLOCK_BYTES))


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK_BYTES)


def _header(name: bytes, size: int) -> bytes:
    """Writer.WriteHeader for a file: USTAR where the name fits, else a PAX record with the name before an ASCII stump
    of it."""
    split = _ustar_split(name)
    if split is not None:
        prefix, suffix = split
        return _block(suffix, prefix, mode=0o600, size=size, flag=b"0")
    record = _pax_record("path", name)
    directory, _, file = name.rpartition(b"/")
    pax_name = posixpath.join(directory, b"PaxHeaders.0", file)
    stump = _ascii(pax_name)[:NAME_BYTES].rstrip(b"/")
    return (
        _block(stump, b"", mode=0, size=len(record), flag=b"x", devices=False)
        + record
        + _padding(len(record))
        + _block(_cut(_ascii(name)), b"", mode=0o600, size=size, flag=b"0")
    )


def _ustar_split(name: bytes) -> tuple[bytes, bytes] | None:
    """Prefix and name as USTAR keeps them (splitUSTARPath); None where it can't."""
    if not name.isascii():
        return None
    if len(name) <= NAME_BYTES:
        return b"", name
    slash = name[: PREFIX_BYTES + 1].rfind(b"/")
    if slash <= 0 or not 0 < len(name) - slash - 1 <= NAME_BYTES:
        return None
    return name[:slash], name[slash + 1 :]


def _ascii(name: bytes) -> bytes:
    """Go's toASCII: what is not ASCII is dropped."""
    return bytes(byte for byte in name if byte < 0x80)


def _cut(name: bytes) -> bytes:
    """Go's formatString: too long a name is cut, and does not end in a slash then."""
    if len(name) <= NAME_BYTES or name[NAME_BYTES - 1 : NAME_BYTES] != b"/":
        return name[:NAME_BYTES]
    return name[: NAME_BYTES - 1].rstrip(b"/") + b"\0"


def _pax_record(key: str, value: bytes) -> bytes:
    """`<length> <key>=<value>\\n`, where the length counts itself (formatPAXRecord)."""
    rest = b" " + key.encode() + b"=" + value + b"\n"
    size = len(rest)
    size += len(str(size))
    record = str(size).encode() + rest
    return record if len(record) == size else str(len(record)).encode() + rest


def _block(name: bytes, prefix: bytes, *, mode: int, size: int, flag: bytes, devices: bool = True) -> bytes:
    """A header block; Go leaves the device fields of a PAX record's own header empty."""

    def octal(value: int, width: int) -> bytes:
        return b"%0*o\0" % (width - 1, value)

    device = octal(0, 8) if devices else bytes(8)
    fields = [
        name.ljust(NAME_BYTES, b"\0"),
        octal(mode, 8),
        octal(0, 8),
        octal(0, 8),
        octal(size, 12),
        octal(0, 12),
        b" " * 8,
        flag,
        bytes(100),
        b"ustar\0" + b"00",
        bytes(64),
        device,
        device,
        prefix.ljust(PREFIX_BYTES, b"\0"),
        bytes(12),
    ]
    block = b"".join(fields)
    checksum = b"%06o\0 " % sum(block)
    return block[:148] + checksum + block[156:]
