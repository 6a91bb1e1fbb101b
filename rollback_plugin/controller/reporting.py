"""Whom a process tells of its work, besides the person or pipeline that started it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.controller.actor import Actor, process_is_alive
from rollback_plugin.controller.meters import EntryMeter
from rollback_plugin.journal.entries import Entry
from rollback_plugin.journal.journal import EntryListener
from rollback_plugin.notices.channel import Channel
from rollback_plugin.notices.composing import Composer
from rollback_plugin.notices.marks import Marks
from rollback_plugin.notices.post import Post, StackPost
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore
from rollback_plugin.telemetry.interface import SILENT, Telemetry
from rollback_plugin.telemetry.log import NO_LOG, Log


@dataclass(frozen=True)
class Reporting:
    """Shared by all stacks of a process."""

    telemetry: Telemetry = SILENT
    log: Log = NO_LOG
    post: Post | None = None
    """Takes notices. None: this process sends no notices. Another one that sees its entries does."""

    def listener(
        self,
        stack: StackName,
        store: ObjectStore,
        actor: Actor,
        find_channels: Callable[[], Sequence[Channel]],
    ) -> EntryListener:
        """Hears of the entries of a stack's journal, which is in `store`."""
        meter = EntryMeter(stack, self.telemetry, self.log)
        if self.post is None:
            return _Harmless((meter,), self.log)
        marks = Marks(store, self.post.clock, str(actor), lambda sender, since: _is_gone(sender, since, actor))
        sender = StackPost(self.post, Composer(stack, store.location), marks, find_channels)
        return _Harmless((meter, sender), self.log)

    def look_again(self) -> None:
        """Between rounds: see to notices that another process took and may have left."""
        if self.post is not None:
            self.post.look_again()


UNREPORTED = Reporting()
"""Tells nobody."""


@dataclass(frozen=True)
class _Harmless:
    """Tells several listeners. An entry is written whatever becomes of that."""

    listeners: tuple[EntryListener, ...]
    log: Log

    def __call__(self, entry: Entry, *, written_here: bool) -> None:
        for listener in self.listeners:
            try:
                listener(entry, written_here=written_here)
            except Exception as error:  # noqa: BLE001 - nobody's rollback fails because of who hears of it
                self.log.warning("listener_defect", error=type(error).__name__, sequence=entry.sequence)


def _is_gone(sender: str, since: datetime, me: Actor) -> bool:
    """Whether a process is known to have ended: of another machine's that isn't known."""
    other = Actor.parse(sender)
    return other is not None and other.host == me.host and not process_is_alive(other.pid, since)
