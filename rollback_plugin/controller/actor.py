"""Who does something to a stack, and whether they are still there."""

import os
import pwd
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class Actor:
    """A process of a user on a machine, as the journal writes it: `user@host:pid`."""

    user: str
    host: str
    pid: int

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.pid}"

    @classmethod
    def of_this_process(cls) -> Self:
        return cls(user=_user(), host=socket.gethostname(), pid=os.getpid())

    @classmethod
    def parse(cls, written: str) -> Self | None:
        """None for what wasn't written by `str` of an actor."""
        found = re.fullmatch(r"(?P<user>.*)@(?P<host>[^@]+):(?P<pid>\d+)", written)
        return cls(found["user"], found["host"], int(found["pid"])) if found else None


def _user() -> str:
    """The user by number, as the engine's locks name it; environment variables may say otherwise."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def process_is_alive(pid: int, since: datetime) -> bool:
    """Whether the process `pid` of this machine that existed at `since` still runs.

    A process that began later only has the number again, and one that ended but was not waited for (a zombie) is gone.
    """
    # Imported late: most commands meet nobody else.
    import psutil

    try:
        process = psutil.Process(pid)
        began = datetime.fromtimestamp(process.create_time(), UTC)
        # Both clocks are this machine's, but the kernel counts process starts in hundredths of a second.
        return process.status() != psutil.STATUS_ZOMBIE and began <= since + timedelta(seconds=1)
    except psutil.NoSuchProcess:
        return False
