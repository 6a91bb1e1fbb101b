"""All stacks of a store at a glance."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.journal.stacks import stacks_in
from rollback_plugin.journal.status import Status, Verdict
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore

_READER = "status"
"""Who reads a journal here. Nothing is written, so nobody ever sees it."""


class Glance(Struct, frozen=True):
    """One stack in one row. A stack whose journal can't be read has the reason as `error`, and nothing else."""

    stack: StackName
    applied: int | None = None
    newest: int | None = None
    verdict: Verdict | None = None
    """On the version applied."""
    ringing: tuple[str, ...] = ()
    """Alarms last seen in ALARM, sorted."""
    operation: str | None = None
    """What is under way or awaits its verification, in words."""
    asked: str | None = None
    """What a person is asked and hasn't answered, in words."""
    frozen: bool = False
    """Nothing is done without a person."""
    held: ReasonCode | None = None
    """Why nothing was done, last."""
    failed: bool = False
    """The last rollback or recovery failed, and nothing followed it."""
    way_back: Reversibility | None = None
    """Of the version applied; None where nobody worked it out."""
    error: str | None = None


def glance(stack: StackName, status: Status) -> Glance:
    """A status in one row."""
    applied = None if status.applied is None else status.version(status.applied)
    return Glance(
        stack=stack,
        applied=status.applied,
        newest=status.newest,
        verdict=None if applied is None else applied.verdict,
        ringing=tuple(sorted(name for name, alarm in status.alarms.items() if alarm.state is AlarmState.ALARM)),
        operation=_operation(status),
        asked=_asked(status),
        frozen=status.freeze is not None,
        held=None if status.held is None else status.held.reason,
        failed=status.last_failure is not None,
        way_back=None if applied is None or applied.way_back is None else applied.way_back.verdict,
    )


def _operation(status: Status) -> str | None:
    if status.operation is not None:
        return f"{status.operation.kind} to {status.operation.target}"
    if status.verifying is not None and status.verifying.alarms:
        return f"verifying {status.verifying.target}"
    return None


def _asked(status: Status) -> str | None:
    question = status.question
    if question is None or question.answer is not None:
        return None
    return f"{question.asked.kind} to {question.asked.target}"


@dataclass(frozen=True)
class Overview:
    """Reads every journal of a store, as often as it is asked to; what was read once isn't read again."""

    store: ObjectStore
    clock: Callable[[], datetime]
    executor: Executor
    """Journals are read at the same time: on S3 each is waited for."""
    _journals: dict[StackName, Journal] = field(default_factory=dict, repr=False, compare=False)

    def read(self) -> tuple[Glance, ...]:
        """A row for each stack. Raises the store's errors only where the stacks themselves can't be listed."""
        return tuple(self.executor.map(self._glance, list(stacks_in(self.store))))

    def _glance(self, stack: StackName) -> Glance:
        journal = self._journals.setdefault(stack, Journal(self.store, stack, self.clock, _READER))
        try:
            return glance(stack, journal.status(self.clock()))
        except RollbackPluginError as error:
            return Glance(stack, error=str(error))
