"""Which notices were sent, so that no process sends one again, and the next sends what one left."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum

from rollback_plugin.errors import ObjectExists
from rollback_plugin.notices.channel import Channel
from rollback_plugin.notices.notice import Notice
from rollback_plugin.store import ObjectStore

GONE_AFTER = timedelta(minutes=10)
"""Whoever took a notice and is silent for so long is gone: sending takes less than two minutes, and the clocks of two
machines may differ by minutes."""


class Outcome(StrEnum):
    """What became of a notice."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Taken(Enum):
    """Who is to send a notice."""

    BY_ME = "by_me"
    BY_ANOTHER = "by_another"
    """Who may still be sending it."""
    DONE = "done"


@dataclass(frozen=True)
class Marks:
    """`stacks/<project>/<stack>/notices/<8-digit sequence>/<channel>.json`: created exclusively by who sends the
    notice, and written again with what became of it.

    A notice is sent by one process. After a crash it may be sent twice, with the same id, and if two processes take
    over at the very same moment.
    """

    store: ObjectStore
    clock: Callable[[], datetime]
    me: str
    """`user@host:pid`."""
    is_gone: Callable[[str, datetime], bool]
    """Whether a process that did something then is known to be no more."""

    def take(self, notice: Notice, channel: Channel) -> Taken:
        """Raises the store's errors."""
        key = _key(notice, channel)
        mine = self._mark(Outcome.SENDING)
        try:
            self.store.create(key, mine)
        except ObjectExists:
            found = json.loads(self.store.read(key))
            if found["outcome"] != Outcome.SENDING:
                return Taken.DONE
            since = datetime.fromisoformat(found["at"])
            if self.clock() - since < GONE_AFTER and not self.is_gone(found["by"], since):
                return Taken.BY_ANOTHER
            self.store.write(key, mine)
        return Taken.BY_ME

    def settle(self, notice: Notice, channel: Channel, outcome: Outcome) -> None:
        """Raises the store's errors."""
        self.store.write(_key(notice, channel), self._mark(outcome))

    def _mark(self, outcome: Outcome) -> bytes:
        mark = {"by": self.me, "at": self.clock().isoformat(), "outcome": outcome.value}
        return (json.dumps(mark, sort_keys=True) + "\n").encode()


def _key(notice: Notice, channel: Channel) -> str:
    stack = notice.stack
    return f"stacks/{stack.project}/{stack.stack}/notices/{notice.sequence:08d}/{channel.id}.json"
