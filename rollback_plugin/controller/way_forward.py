"""Works out the way forward again while a rollback is still being verified, so that a recovery, should it come to that,
runs the engine once. The plan is kept where plans are (`replay/known_plans.py`); nothing is journaled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.controller.ports import Replayer
from rollback_plugin.controller.targets import kept_by_recovery, recover_target
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.options import OperationOptions
from rollback_plugin.stack import StackName


@dataclass(frozen=True)
class WayForward:
    """The way forward of one stack."""

    stack: StackName
    journal: Journal
    replay: Replayer
    clock: Callable[[], datetime]
    worked_out: set[str]
    """Ids of the rollbacks after which that was done; added to."""

    @property
    def due(self) -> int | None:
        """The version that a rollback undid whose effect isn't known yet; None for one that was seen to."""
        status = self.journal.status(self.clock())
        rollback = status.verifying
        if rollback is None or status.operation is not None or rollback.id in self.worked_out:
            return None
        return rollback.undoes

    def work_out(self, subject: int) -> None:
        """Plan the recovery of the version `subject`. Raises what planning raises; a recovery that can't be planned now
        is planned when it is decided on, and not again before."""
        status = self.journal.status(self.clock())
        if status.verifying is None:
            return
        self.worked_out.add(status.verifying.id)
        target = recover_target(self.stack, status, subject)
        self.replay.plan(target, OperationOptions(keeping=kept_by_recovery(self.stack, status, target)))
