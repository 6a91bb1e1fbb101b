"""Locks that the engine puts on a stack while it works on it."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from rollback_plugin.errors import UnsupportedBackend


@dataclass(frozen=True, slots=True)
class Lock:
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


class _LockFile(BaseModel):
    """lockContent of the engine, pkg/backend/diy/lock.go."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="ignore")

    pid: int
    username: str
    hostname: str
    timestamp: AwareDatetime


def parsed_lock(key: str, data: bytes) -> Lock:
    """The lock in a lock file. Raises `UnsupportedBackend`, naming `key`, when it isn't one."""
    try:
        file = _LockFile.model_validate_json(data)
    except ValidationError:
        raise UnsupportedBackend(
            f"The backend's lock file {key} can't be read, so nobody can say who holds the stack. Make sure that no "
            "update is running, and remove it with: pulumi cancel."
        ) from None
    return Lock(key, file.username, file.hostname, file.pid, file.timestamp)
