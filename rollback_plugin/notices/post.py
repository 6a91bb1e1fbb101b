"""Sends notices beside everything else: nothing waits for it, and what it can't do is counted and logged."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import stamina

from rollback_plugin.errors import DeliveryDelayed, DeliveryFailed, EngineFailed, RollbackPluginError
from rollback_plugin.journal.entries import Deployed, Entry
from rollback_plugin.notices.channel import Channel
from rollback_plugin.notices.composing import Composer
from rollback_plugin.notices.lanes import Lanes
from rollback_plugin.notices.marks import Marks, Outcome, Taken
from rollback_plugin.notices.notice import Notice
from rollback_plugin.stack import StackName
from rollback_plugin.telemetry.interface import Counter, Telemetry
from rollback_plugin.telemetry.log import Log

NEWS_FOR = timedelta(hours=24)
"""What happened before that isn't told any more: a process that begins reads journals of years. Not longer ago than
listeners hear of (`journal.HEARD_FOR`)."""
LOOK_AGAIN_AFTER = timedelta(seconds=30)
ATTEMPTS = 5
LONGEST_TRY_SECONDS = 60.0


class Post:
    """One for a process."""

    def __init__(self, telemetry: Telemetry, log: Log, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self._telemetry = telemetry
        self._log = log
        self._lanes = Lanes(self._defect)
        self._left: deque[_Left] = deque()

    def hand_in(self, sender: StackPost, notice: Notice) -> None:
        """Have the notice sent to every channel of its stack. Returns at once."""
        if not self._lanes.put(str(notice.stack), lambda: self._distribute(sender, notice)):
            self._count("all", "dropped", notice)

    def check(self, sender: StackPost, stack: StackName) -> None:
        """Have it said in the log where a stack's notices go, or why they go nowhere. Returns at once."""
        self._lanes.put(str(stack), lambda: self._check(sender, stack))

    def look_again(self) -> None:
        """See whether those who took a notice have sent it. Returns at once."""
        now = self.clock()
        for _ in range(len(self._left)):
            left = self._left.popleft()
            if now >= left.due:
                self._enqueue(left.sender, left.notice, left.channel)
            else:
                self._left.append(left)

    def finish(self, seconds: float) -> bool:
        """Wait that long for what is being sent; whether all of it is. What isn't is sent by the next process."""
        done = self._lanes.finish(seconds)
        if not done:
            self._log.warning("notices_left", waited_seconds=seconds)
        return done

    def _distribute(self, sender: StackPost, notice: Notice) -> None:
        for channel in self._channels(sender, notice):
            self._enqueue(sender, notice, channel)

    def _check(self, sender: StackPost, stack: StackName) -> None:
        try:
            channels = sender.find_channels()
        except RollbackPluginError as error:
            self._log.warning("notices_go_nowhere", stack=str(stack), **_told_of(error))
        else:
            self._log.info("notices_go_to", stack=str(stack), channels=[channel.name for channel in channels])

    def _channels(self, sender: StackPost, notice: Notice) -> Sequence[Channel]:
        try:
            return sender.find_channels()
        except RollbackPluginError as error:
            self._count("all", "failed", notice, **_told_of(error))
            return ()

    def _enqueue(self, sender: StackPost, notice: Notice, channel: Channel) -> None:
        # A channel is a lane: one that doesn't answer holds up only itself.
        if not self._lanes.put(channel.id, lambda: self._deliver(sender, notice, channel)):
            self._count(channel.kind, "dropped", notice, to=channel.name)

    def _deliver(self, sender: StackPost, notice: Notice, channel: Channel) -> None:
        try:
            taken = sender.marks.take(notice, channel)
            if taken is Taken.BY_ANOTHER:
                self._left.append(_Left(self.clock() + LOOK_AGAIN_AFTER, sender, notice, channel))
            if taken is not Taken.BY_ME:
                return
            self._send(notice, channel)
            self._count(channel.kind, "sent", notice, to=channel.name)
            sender.marks.settle(notice, channel, Outcome.SENT)
        except DeliveryFailed as error:
            self._count(channel.kind, "failed", notice, to=channel.name, message=str(error))
            self._give_up(sender, notice, channel)
        except RollbackPluginError as error:
            # The store: whether it was sent can't be said there, so the next process may send it again.
            self._count(channel.kind, "unmarked", notice, to=channel.name, error=type(error).__name__)

    def _send(self, notice: Notice, channel: Channel) -> None:
        for attempt in stamina.retry_context(
            on=_when, attempts=ATTEMPTS, timeout=LONGEST_TRY_SECONDS, wait_initial=0.5, wait_max=20.0
        ):
            with attempt:
                channel.send(notice)

    def _give_up(self, sender: StackPost, notice: Notice, channel: Channel) -> None:
        try:
            sender.marks.settle(notice, channel, Outcome.FAILED)
        except RollbackPluginError as error:
            self._count(channel.kind, "unmarked", notice, to=channel.name, error=type(error).__name__)

    def _count(self, kind: str, outcome: str, notice: Notice, **more: str) -> None:
        self._telemetry.count(Counter.NOTICES, channel=kind, outcome=outcome)
        tell = self._log.info if outcome == "sent" else self._log.warning
        tell("notice", outcome=outcome, id=notice.id, happened=notice.happened.value, channel=kind, **more)

    def _defect(self, error: Exception) -> None:
        self._log.warning("notice_defect", error=type(error).__name__)


@dataclass
class StackPost:
    """Hears of one stack's entries, and hands in what people are to be told of."""

    post: Post
    composer: Composer
    marks: Marks
    find_channels: Callable[[], Sequence[Channel]]
    """Takes its time: it is asked when there is something to tell, and not by whoever hears."""

    def __call__(self, entry: Entry, *, written_here: bool) -> None:
        if written_here and isinstance(entry.event, Deployed):
            # Known before the incident.
            self.post.check(self, self.composer.stack)
        notice = self.composer.compose(entry)
        if notice is not None and self.post.clock() - notice.time < NEWS_FOR:
            self.post.hand_in(self, notice)


@dataclass(frozen=True, slots=True)
class _Left:
    """A notice that another process has taken, and may never send."""

    due: datetime
    sender: StackPost
    notice: Notice
    channel: Channel


def _told_of(error: RollbackPluginError) -> dict[str, str]:
    # What the engine says may hold anything.
    said = {} if isinstance(error, EngineFailed) else {"message": str(error)}
    return {"error": type(error).__name__, **said}


def _when(error: Exception) -> bool | float:
    if not isinstance(error, DeliveryDelayed):
        return False
    return True if error.after_seconds is None else error.after_seconds
