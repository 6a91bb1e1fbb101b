"""Works out the way back from the version a stack runs before there is need for it, and journals it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rollback_plugin.controller.ports import Replayer
from rollback_plugin.controller.targets import way_back_target
from rollback_plugin.errors import EngineFailed, Refused, RollbackPluginError
from rollback_plugin.journal.entries import Planned
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.options import DEFAULT_OPTIONS
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.journal.status import Status

if TYPE_CHECKING:
    from rollback_plugin.replay.plan import Plan


@dataclass(frozen=True)
class WayBack:
    """The way back of one stack."""

    journal: Journal
    replay: Replayer
    clock: Callable[[], datetime]

    @property
    def due(self) -> int | None:
        """The version that the stack runs, where its way back was never worked out; None for the first version there
        is, which has none, and while an operation changes the stack."""
        status = self._status()
        if status.applied is None or status.applied != status.newest or status.operation is not None:
            return None
        known = status.version(status.applied)
        first = known.number == status.versions[0].number
        return None if first or known.way_back is not None else known.number

    def work_out(self, version: int) -> Planned:
        """What undoing the version takes. Writes nothing; a plan that can't be made is an answer, too."""
        status = self._status()
        target = way_back_target(status, version)
        if target is None:
            return Planned(version=version, target=None, verdict=Reversibility.ONE_WAY, reasons=(_no_target(status),))
        try:
            plan = self.replay.plan(target, DEFAULT_OPTIONS)
        except EngineFailed:
            # What the engine said may hold anything, and the journal is kept for years.
            reason = "the engine could not work it out; `rollback plan` shows what it says"
            return Planned(version=version, target=target, verdict=Reversibility.UNKNOWN, reasons=(reason,))
        except RollbackPluginError as error:
            verdict = Reversibility.ONE_WAY if isinstance(error, Refused) else Reversibility.UNKNOWN
            return Planned(version=version, target=target, verdict=verdict, reasons=(str(error),))
        return Planned(version=version, target=target, verdict=plan.verdict, reasons=_reasons(plan))

    def keep(self, planned: Planned) -> bool:
        """Journal what was worked out; False where it doesn't matter any more, because the stack was changed."""
        if self.due != planned.version:
            return False
        self.journal.append_next(planned)
        return True

    def plan(self) -> Planned | None:
        """Work out and journal what is due; None where nothing is. Raises the journal's and the store's errors."""
        version = self.due
        if version is None:
            return None
        planned = self.work_out(version)
        return planned if self.keep(planned) else None

    def _status(self) -> Status:
        return fold(self.journal.entries(), self.clock())


class WaysBack:
    """Works out the ways back of many stacks beside everything else, so that no alarm waits for it.

    Only `journaled` writes, and it is called by whoever writes the journals anyway: no decision is overtaken.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._under_way: dict[int, Future[Planned]] = {}

    def begin(self, ways: Sequence[WayBack]) -> None:
        """Begin to work out what is due. Raises nothing: a journal that can't be read is said elsewhere."""
        for place, way in enumerate(ways):
            if place in self._under_way:
                continue
            try:
                version = way.due
            except RollbackPluginError:
                # The round over this stack meets the same error, and tells of it.
                continue
            if version is not None:
                self._under_way[place] = self._executor.submit(way.work_out, version)

    def journaled(self, ways: Sequence[WayBack], *, wait: bool = False) -> None:
        """Journal what was worked out by now, or, to `wait`, all that was begun."""
        for place, future in list(self._under_way.items()):
            if not (wait or future.done()):
                continue
            del self._under_way[place]
            try:
                ways[place].keep(future.result())
            except RollbackPluginError:
                # Nothing was journaled, so it is still due, and begun again.
                continue


def _reasons(plan: Plan) -> tuple[str, ...]:
    from rollback_plugin.replay.plan import Reason

    refused = tuple(
        f"{refusal.urn}: the engine refuses it; `rollback plan` shows what it says"
        if refusal.reason is Reason.ENGINE_REFUSES
        else str(refusal)
        for refusal in plan.refusals
    )
    return refused or tuple(map(str, plan.remarks))


def _no_target(status: Status) -> str:
    verdicts = ", ".join(f"{known.number} is {known.verdict.value}" for known in status.versions[:-1])
    return f"there is no version before it to go back to: {verdicts}"
