"""The files of a recorded program, laid out in a scratch folder."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.replay.source.bundle import unpack
from rollback_plugin.replay.source.obstacle import CannotRerun
from rollback_plugin.replay.source.repository import check_out
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.version import Source

NAMED_FILES = 5
"""How many file names a message lists."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A program as it was."""

    root: Path
    """Of the repository; nothing of the program lies outside of it."""
    project: Path
    """Where its Pulumi.yaml is."""
    remarks: tuple[str, ...] = ()


def lay_out(source: Source | None, blobs: BlobStore, clone: Path, into: Path, environ: Mapping[str, str]) -> Checkout:
    """Put the program's files into the empty folder `into`.

    A commit gives the whole repository. Where there is a bundle as well (the tree differed from the commit, or no
    remote had it), that is what lies in the project's folder.

    Args:
        clone: a folder on this machine that may lie in a clone of the program's repository.

    Raises `CannotRerun`.
    """
    recorded = _complete(source)
    project = _inside(into, recorded.folder)
    remarks: tuple[str, ...] = ()
    bundle = None if recorded.bundle is None else _read(blobs, recorded.bundle)
    if recorded.commit is not None:
        try:
            check_out(recorded.commit, recorded.origin, clone, into, environ)
        except CannotRerun as missing:
            if bundle is None:
                raise
            remarks = (f"it runs from the kept files of its own folder; the rest of its repository: {missing.why}",)
    if not project.resolve().is_relative_to(into.resolve()):
        raise CannotRerun("source", f"its folder {recorded.folder} is a link to outside of its repository")
    if bundle is not None:
        project.mkdir(parents=True, exist_ok=True)
        _empty(project)
        unpack(bundle, project, into)
    if not any((project / name).is_file() for name in ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")):
        raise CannotRerun("source", f"there is no Pulumi.yaml in the folder {recorded.folder} of {_name(recorded)}")
    return Checkout(into, project, remarks)


def _complete(source: Source | None) -> Source:
    """The source, if it is all there. Raises `CannotRerun`."""
    if source is None or (source.commit is None and source.bundle is None and not source.left_out):
        raise CannotRerun(
            "source",
            "where its program came from was not recorded; call `track()` in the program, or deploy from a git"
            " repository, and later versions have it",
        )
    if source.left_out:
        listed = ", ".join(source.left_out[:NAMED_FILES])
        more = len(source.left_out) - NAMED_FILES
        raise CannotRerun(
            "source",
            f"files of its program were not kept, because their names say that they hold secrets or because they are"
            f" too large: {listed}{f' and {more} more' if more > 0 else ''}; commit what may be seen, and keep secrets"
            " in the stack's config",
        )
    if source.dirty and source.bundle is None:
        raise CannotRerun(
            "source",
            f"its program differed from the commit {source.commit}, and nobody kept how; call `track()` in the program,"
            " and later versions have it",
        )
    return source


def _read(blobs: BlobStore, digest: str) -> bytes:
    try:
        return blobs.read(digest)
    except DamagedSnapshot as damaged:
        raise CannotRerun("source", f"the bundle of its files is unusable: {damaged}".rstrip(".")) from None


def _inside(root: Path, folder: str) -> Path:
    parts = PurePosixPath(folder)
    if parts.is_absolute() or ".." in parts.parts:
        raise CannotRerun("source", f"its folder is recorded as {folder}, which lies outside of its repository")
    return root.joinpath(*parts.parts)


def _empty(folder: Path) -> None:
    """Leave nothing but git's own folder."""
    for path in folder.iterdir():
        if path.name == ".git":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _name(source: Source) -> str:
    return f"its commit {source.commit}" if source.commit else "the bundle of its files"
