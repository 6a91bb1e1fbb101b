"""Where a program came from, so that the very same one can be had again."""

import io
import os
import re
import tarfile
from fnmatch import fnmatch
from urllib.parse import urlsplit, urlunsplit

import zstandard
from msgspec.structs import replace

from rollback_plugin.recording.content import ProjectFiles, run_git
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.version import Source

# Names under which people keep passwords and private keys beside a program. Nothing of ours stores such a file.
SECRET_FILES = (".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_ed25519*", ".netrc", "credentials")
LARGEST_BUNDLE_BYTES = 256 * 1024 * 1024


def source_of(files: ProjectFiles, blobs: BlobStore) -> Source:
    """The program's source; a bundle of its files is kept unless a commit says what they were, and a remote has it.

    Raises `OSError` where a file can't be read, and `StoreError`s.
    """
    commit = _line(files, "rev-parse", "--verify", "HEAD")
    status = run_git(files.root, "status", "--porcelain", "-z", "--", ".") if commit else None
    if commit is None or status is None:
        return _bundled(Source(), files, blobs)
    origin = _line(files, "remote", "get-url", "origin")
    source = Source(
        commit=commit,
        branch=_line(files, "symbolic-ref", "--short", "-q", "HEAD"),
        origin=without_credentials(origin) if origin else None,
        folder=(_line(files, "rev-parse", "--show-prefix") or "").rstrip("/") or ".",
        dirty=bool(status),
    )
    elsewhere = _line(files, "for-each-ref", "--count=1", "--contains", commit, "refs/remotes")
    return source if elsewhere and not source.dirty else _bundled(source, files, blobs)


def without_credentials(url: str) -> str:
    """A git remote's URL without what could be a user, password or token in it.

    The user of an ssh address stays: it is part of the address (`git@host:path`, `ssh://git@host/path`).
    """
    if "://" not in url:
        return url if re.match(r"^[\w.-]+@[^/:]+:", url) or "@" not in url else url.rsplit("@", 1)[1]
    parts = urlsplit(url)
    host = parts.netloc.rsplit("@", 1)[-1]
    if parts.scheme.endswith("ssh") and parts.username:
        host = f"{parts.username}@{host}"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _line(files: ProjectFiles, *arguments: str) -> str | None:
    printed = run_git(files.root, *arguments)
    return os.fsdecode(printed).strip() or None if printed is not None else None


def _bundled(source: Source, files: ProjectFiles, blobs: BlobStore) -> Source:
    left_out = tuple(name for name in files.names if any(fnmatch(name.rsplit("/", 1)[-1], it) for it in SECRET_FILES))
    included = [name for name in files.names if name not in left_out]
    size = sum((files.root / name).lstat().st_size for name in included)
    if size > LARGEST_BUNDLE_BYTES:
        return replace(source, left_out=files.names)
    return replace(source, bundle=blobs.keep(bundle(files, included)), left_out=left_out)


def bundle(files: ProjectFiles, names: list[str]) -> bytes:
    """A tar.zst of the files; the same files give the same bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            path = files.root / name
            info = tarfile.TarInfo(name)
            content = files.read(name)
            if path.is_symlink():
                info.type, info.linkname = tarfile.SYMTYPE, os.fsdecode(content)
                tar.addfile(info)
            else:
                info.size = len(content)
                info.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
                tar.addfile(info, io.BytesIO(content))
    return zstandard.ZstdCompressor().compress(stream.getvalue())
