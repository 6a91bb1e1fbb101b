"""What is worked out about a stack beside the rounds over it, so that no alarm waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Protocol, TypeVar

from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.journal.entries import Event
from rollback_plugin.journal.journal import Journal

Found = TypeVar("Found", bound=Event | None, covariant=True)


class Study(Protocol[Found]):
    """One question about one stack, whose answer is journaled once for each subject, where it is an event."""

    @property
    def journal(self) -> Journal: ...

    @property
    def due(self) -> int | None:
        """The subject (a version, an entry) that the question is open for; None where there is none. Raises the
        journal's and the store's errors."""
        ...

    def work_out(self, subject: int) -> Found:
        """The answer. Journals nothing; raises errors of this package, and is tried again then."""
        ...


def keep(study: Study[Event | None], subject: int, found: Event | None) -> bool:
    """Journal what was worked out; False where it isn't asked any more, because the stack was changed, or is nothing
    to be journaled."""
    if found is None or study.due != subject:
        return False
    study.journal.append_next(found)
    return True


def answered(study: Study[Found]) -> Found | None:
    """Work out and journal what is due; None where nothing is. Raises what working out and journaling raise."""
    subject = study.due
    if subject is None:
        return None
    found = study.work_out(subject)
    return found if keep(study, subject, found) else None


class Beside:
    """Works out the studies of many stacks beside everything else.

    Only `journaled` writes, and it is called by whoever writes the journals anyway: no decision is overtaken.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._under_way: dict[int, tuple[int, Future[Event | None]]] = {}

    def begin(self, studies: Sequence[Study[Event | None]]) -> None:
        """Begin to work out what is due. Raises nothing: a journal that can't be read is said elsewhere."""
        for place, study in enumerate(studies):
            if place in self._under_way:
                continue
            try:
                subject = study.due
            except RollbackPluginError:
                # The round over this stack meets the same error, and tells of it.
                continue
            if subject is not None:
                self._under_way[place] = (subject, self._executor.submit(study.work_out, subject))

    def journaled(self, studies: Sequence[Study[Event | None]], *, wait: bool = False) -> None:
        """Journal what was worked out by now, or, to `wait`, all that was begun."""
        for place, (subject, future) in list(self._under_way.items()):
            if not (wait or future.done()):
                continue
            del self._under_way[place]
            try:
                keep(studies[place], subject, future.result())
            except RollbackPluginError:
                # Nothing was journaled, so it is still due, and begun again.
                continue
