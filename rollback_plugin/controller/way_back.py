"""Works out the way back from the version a stack runs before there is need for it, and journals it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rollback_plugin.controller.consumers_ahead import ConsumersAhead
from rollback_plugin.controller.ports import Replayer
from rollback_plugin.controller.targets import way_back_target
from rollback_plugin.errors import EngineFailed, Refused, RollbackPluginError
from rollback_plugin.journal.entries import Planned
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
    consumers: ConsumersAhead
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

    def work_out(self, subject: int) -> Planned:
        """What undoing the version `subject` takes. Journals nothing; a plan that can't be made is an answer, too."""
        status = self._status()
        target = way_back_target(status, subject)
        if target is None:
            return Planned(version=subject, target=None, verdict=Reversibility.ONE_WAY, reasons=(_no_target(status),))
        try:
            self.consumers.work_out(target)
            plan = self.replay.plan(target, DEFAULT_OPTIONS)
        except EngineFailed:
            # What the engine said may hold anything, and the journal is kept for years.
            reason = "the engine could not work it out; `rollback plan` shows what it says"
            return Planned(version=subject, target=target, verdict=Reversibility.UNKNOWN, reasons=(reason,))
        except RollbackPluginError as error:
            verdict = Reversibility.ONE_WAY if isinstance(error, Refused) else Reversibility.UNKNOWN
            return Planned(version=subject, target=target, verdict=verdict, reasons=(str(error),))
        return Planned(version=subject, target=target, verdict=plan.verdict, reasons=_reasons(plan))

    def _status(self) -> Status:
        return self.journal.status(self.clock())


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
