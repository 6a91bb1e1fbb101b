"""Unpacking a recorded bundle of a program's files."""

import tarfile
from pathlib import Path, PurePosixPath

import zstandard

from rollback_plugin.replay.source.obstacle import CannotRerun


def unpack(data: bytes, folder: Path, root: Path) -> None:
    """Write a bundle's files below `folder`, which lies in `root`.

    Regular files and links only, none of them outside of `folder`, and no link to outside of `root`. Raises
    `CannotRerun` for any other content.
    """
    folder, root = folder.resolve(), root.resolve()
    try:
        with (
            zstandard.ZstdDecompressor().stream_reader(data) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            for member in tar:
                _write(tar, member, folder, root)
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise CannotRerun(
            "source", f"the bundle of its files can't be unpacked ({type(error).__name__}); restore it from a backup"
        ) from None


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, root: Path) -> None:
    name = PurePosixPath(member.name)
    path = folder.joinpath(*name.parts)
    if name.is_absolute() or ".." in name.parts or not name.parts:
        raise _escaping(member.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A link unpacked before may stand in the way there.
    if not path.parent.resolve().is_relative_to(folder) or path.is_symlink():
        raise _escaping(member.name)
    if member.issym():
        if not (path.parent / member.linkname).resolve().is_relative_to(root):
            raise _escaping(member.name)
        path.symlink_to(member.linkname)
        return
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise CannotRerun("source", f"the bundle of its files holds {member.name}, which is neither file nor link")
    path.write_bytes(content.read())
    path.chmod(0o755 if member.mode & 0o100 else 0o644)


def _escaping(name: str) -> CannotRerun:
    return CannotRerun(
        "source", f"the bundle of its files would put or link {name} outside of its folder, so it isn't unpacked"
    )
