"""Scratch folders that don't outlive their owner for long.

A folder belongs to a process as long as that process holds the lock on its lock file. The system releases the lock
when the process ends, however it ends; whoever makes the next scratch folder removes those without an owner. (A lock
rather than a process id, because process ids are used again.)
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Self

_PREFIX = "rollback-embedded-aws-"
_LOCK_SUFFIX = ".lock"


class ScratchFolder:
    """A new folder below the system's temporary folder. Close it to remove it."""

    def __init__(self) -> None:
        self._lock_file = _lock_new_file()
        self.path = _folder_of(Path(self._lock_file.path))
        self.path.mkdir(mode=0o700)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock_file.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _LockFile:
    def __init__(self, path: Path) -> None:
        """Raises BlockingIOError when another process holds the lock, FileNotFoundError when the file is gone."""
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._descriptor).st_ino != path.stat().st_ino:
                raise FileNotFoundError(path)
        except OSError:
            os.close(self._descriptor)
            raise

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def remove_abandoned_folders() -> None:
    """Remove the scratch folders of processes that are gone."""
    for lock_path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*{_LOCK_SUFFIX}"):
        try:
            lock_file = _LockFile(lock_path)
        except (BlockingIOError, FileNotFoundError, PermissionError):
            continue
        shutil.rmtree(_folder_of(lock_path), ignore_errors=True)
        lock_file.remove()


def _lock_new_file() -> _LockFile:
    while True:
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_LOCK_SUFFIX)
        os.close(descriptor)
        try:
            return _LockFile(Path(name))
        except (BlockingIOError, FileNotFoundError):
            continue  # another process saw the file before it was locked, and takes it for abandoned


def _folder_of(lock_path: Path) -> Path:
    return lock_path.with_name(lock_path.name.removesuffix(_LOCK_SUFFIX))
