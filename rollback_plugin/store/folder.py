"""A store in a folder of this machine, or of a file server it mounts."""

import errno
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from rollback_plugin.errors import ObjectExists, ObjectMissing, StoreReadOnly, StoreUnreachable
from rollback_plugin.store.keys import checked_key, key_problem

_UNFINISHED = ".unfinished"
"""Folder under the root where objects are written before they get their name; no key may begin with it."""

_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK}


class FolderStore:
    """Each object is a file, at its key under `root`. `root` is made by the first write; the folder it lies in must
    exist.

    An object is written to a file of another name, synced, and then named: by `rename` (replacing) or by `link`, which
    fails when the name is taken and so is the exclusive create (POSIX link(2), also over NFS, where O_EXCL alone was
    not).
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def location(self) -> str:
        return f"file://{self._root}"

    def read(self, key: str) -> bytes:
        path = self._path(key)
        self._require_place()
        try:
            return path.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ObjectMissing(
                f"{self.location} has no object {key}. It was never written there, or somebody removed it."
            ) from None
        except OSError as error:
            raise self._unreachable(error) from error

    def write(self, key: str, data: bytes) -> None:
        self._put(key, data, os.replace)

    def create(self, key: str, data: bytes) -> None:
        self._put(key, data, self._link_exclusively)

    def delete(self, key: str) -> None:
        path = self._path(key)
        self._require_place()
        try:
            path.unlink()
            _sync_folder(path.parent)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise self._not_written(error) from error

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        self._require_place()
        # From the prefix's own folder on: the folders above it hold one for each stack there is.
        folder = prefix[: prefix.rfind("/") + 1]
        return self._walk(folder, prefix.encode(), after.encode()) if self._may_hold_keys(folder) else iter(())

    def revisions(self, prefix: str) -> Mapping[str, str]:
        found = {}
        for key in self.list(prefix):
            try:
                status = self._path(key).stat()
            except FileNotFoundError:
                # Removed since it was listed.
                continue
            except OSError as error:
                raise self._unreachable(error) from error
            # Objects are named when they are whole, ours and the engine's: another object is another file.
            found[key] = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
        return found

    def _may_hold_keys(self, folder: str) -> bool:
        """Whether a walk from the root would come into the folder ("" or ending in a slash)."""
        if not folder:
            return True
        parts = folder.removesuffix("/").split("/")
        if key_problem(folder.removesuffix("/")) is not None or parts[0] == _UNFINISHED:
            return False
        path = self._root
        for part in parts:
            path /= part
            if path.is_symlink():
                return False
        return True

    def _walk(self, folder: str, prefix: bytes, after: bytes) -> Iterator[str]:
        """Keys under `folder` ("" or ending in a slash), in order, passing over folders that can't hold any asked
        for."""
        for name, is_folder in self._children(folder, after):
            key = folder + name
            encoded = key.encode()
            if is_folder:
                may_match = encoded.startswith(prefix) or prefix.startswith(encoded)
                may_follow = encoded > after or after.startswith(encoded)
                if may_match and may_follow:
                    yield from self._walk(key, prefix, after)
            elif encoded.startswith(prefix) and encoded > after:
                yield key

    def _children(self, folder: str, after: bytes) -> Sequence[tuple[str, bool]]:
        """Names in a folder, folders with their slash, in the order their keys have; but for those that stand before
        `after`, of which a journal's folder has as many as it has entries."""
        children = []
        # Text is in the order of its UTF-8 bytes.
        passed = after.decode().removeprefix(folder) if after.startswith(folder.encode()) else ""
        try:
            with os.scandir(self._root / folder) as entries:
                for entry in entries:
                    as_folder = entry.name + "/"
                    if as_folder <= passed and not passed.startswith(as_folder):
                        continue
                    if key_problem(entry.name) is not None or (not folder and entry.name == _UNFINISHED):
                        continue
                    # Links to folders are not followed: they may lead in a circle.
                    if entry.is_dir(follow_symlinks=False):
                        children.append((entry.name + "/", True))
                    elif entry.is_file():
                        children.append((entry.name, False))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise self._unreachable(error) from error
        return sorted(children, key=lambda child: child[0].encode())

    def _put(self, key: str, data: bytes, name_it: Callable[[Path, Path], None]) -> None:
        path = self._path(key)
        self._require_place()
        unfinished = self._root / _UNFINISHED / uuid.uuid4().hex
        try:
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with _for_its_owner(unfinished) as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                name_it(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
            _sync_folder(path.parent)
        except OSError as error:
            raise self._not_written(error) from error

    def _link_exclusively(self, unfinished: Path, path: Path) -> None:
        try:
            os.link(unfinished, path)
        except FileExistsError:
            key = path.relative_to(self._root).as_posix()
            raise ObjectExists(f"{self.location} already has an object {key}; it was left as it is.") from None
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            raise StoreUnreachable(
                f"The file system of {self.location} has no hard links ({error.strerror}), and without them two "
                "writers can't be told apart. Keep the store on another one: pulumi config set rollback:store <url>."
            ) from error

    def _path(self, key: str) -> Path:
        if checked_key(key).split("/")[0] == _UNFINISHED:
            raise ValueError(f"{key!r} is not a key: {_UNFINISHED} is where a folder store writes")
        return self._root / key

    def _require_place(self) -> None:
        """A root that isn't there yet is an empty store; a root whose own folder is gone is a drive that isn't
        mounted."""
        try:
            place = self._root if self._root.exists() else self._root.parent
            if place.is_dir():
                return
        except OSError as error:
            raise self._unreachable(error) from error
        found = "is a file" if place.exists() else "doesn't exist"
        raise StoreUnreachable(
            f"The store {self.location} can't be used: {place} {found}. Mount or make that folder, or name another "
            "store with: pulumi config set rollback:store <url>."
        )

    def _unreachable(self, error: OSError) -> StoreUnreachable:
        return StoreUnreachable(
            f"The store {self.location} can't be read: {error.strerror} ({error.filename}). Check that the drive is "
            "mounted and that this user may read it."
        )

    def _not_written(self, error: OSError) -> StoreReadOnly | StoreUnreachable:
        if error.errno in _REFUSED:
            return StoreReadOnly(
                f"The store {self.location} can't be written: {error.strerror} ({error.filename}). Give this user the "
                "right and the room to write there, or name another store with: pulumi config set rollback:store <url>."
            )
        return StoreUnreachable(
            f"Writing to the store {self.location} failed: {error.strerror} ({error.filename}). Check that the drive "
            "is mounted and that nothing lies where one of its folders must be."
        )


def _for_its_owner(path: Path) -> BinaryIO:
    """A new file that only its owner may read, as the engine's own folder backend makes them (gocloud.dev's fileblob
    writes through os.CreateTemp): log lines and resource properties concern nobody else on the machine."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync_folder(folder: Path) -> None:
    """Makes a new name in a folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
