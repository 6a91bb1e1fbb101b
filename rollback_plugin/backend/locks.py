"""Locks that the engine puts on a stack while it works on it."""

from datetime import datetime

from msgspec import Struct

from rollback_plugin.errors import UnsupportedBackend
from rollback_plugin.stored import Misfit, Moment, read


class Lock(Struct, frozen=True):
    """Who holds a stack. The engine never lets a lock expire: one left by a killed process stays until it is
    removed."""

    key: str
    """Of the lock's object, under the backend's `.pulumi/`."""
    user: str
    host: str
    pid: int
    time: datetime

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (pid {self.pid}) since {self.time:%Y-%m-%d %H:%M:%S %Z}"


class _LockFile(Struct, frozen=True):
    """lockContent of the engine, pkg/backend/diy/lock.go."""

    pid: int
    username: str
    hostname: str
    timestamp: Moment


def parsed_lock(key: str, data: bytes) -> Lock:
    """The lock in a lock file. Raises `UnsupportedBackend`, naming `key`, when it isn't one."""
    try:
        file = read(data, _LockFile)
    except Misfit:
        raise UnsupportedBackend(
            f"The backend's lock file {key} can't be read, so nobody can say who holds the stack. Make sure that no "
            "update is running, and remove it with: pulumi cancel."
        ) from None
    return Lock(key, file.username, file.hostname, file.pid, file.timestamp)
