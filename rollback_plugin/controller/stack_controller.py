"""Everything that works on one stack, and one round of the controller over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from rollback_plugin.controller.decide import Action, Decision, decide
from rollback_plugin.controller.operate import OperationResult, Operator
from rollback_plugin.controller.policy import StackPolicy, stack_policy
from rollback_plugin.controller.ports import EngineBackend, Replayer, VersionRecorder
from rollback_plugin.controller.way_back import WayBack
from rollback_plugin.controller.weighing import Weighing
from rollback_plugin.errors import UnknownAlarm
from rollback_plugin.journal.entries import AlarmChanged, AlarmState, Deployed, Held, RollbackVerified
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.history import HistoryRow, history_rows
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Status
from rollback_plugin.signals.alarms import AlarmSource, unknown_alarms
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.signals.signal import AlarmObservation, Signal
from rollback_plugin.stack import StackName
from rollback_plugin.telemetry.interface import SILENT, Span, Telemetry
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.service import Service

LOCK_PATIENCE_IN_A_ROUND_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one round over a stack came to."""

    stack: StackName
    decision: Decision
    result: OperationResult | None = None
    """The operation that was carried out on it."""
    missing: UnknownAlarm | None = None
    """Alarms that the stack names and CloudWatch doesn't know; what the others say was judged all the same."""


@dataclass(frozen=True)
class StackController:
    """One stack, with all that is needed to know and to change what it runs."""

    stack: StackName
    clock: Callable[[], datetime]
    journal: Journal
    archive: VersionArchive
    backend: EngineBackend
    recorder: VersionRecorder
    replay: Replayer
    operator: Operator
    alarm_source: Callable[[], AlarmSource]
    """Made when first asked for: reading a journal takes no AWS credentials."""
    requests: RequestCounter
    telemetry: Telemetry = SILENT
    _services: dict[int, tuple[Service, ...]] = field(default_factory=dict, repr=False, compare=False)
    """By version. Versions never change."""

    @property
    def way_back(self) -> WayBack:
        """Works out, and journals, what undoing the newest version takes."""
        return WayBack(self.journal, self.replay, self.clock)

    def status(self) -> Status:
        """The stack as its journal tells it, now."""
        return fold(self.journal.entries(), self.clock())

    def history(self) -> tuple[HistoryRow, ...]:
        """Deploys, rollbacks and recoveries, oldest first."""
        return history_rows(self.journal.entries(), self.clock())

    def services(self, version: int) -> tuple[Service, ...]:
        """The services of a version. Raises `UnknownVersion`, `DamagedSnapshot`."""
        if version not in self._services:
            self._services[version] = self.archive.read(version).services
        return self._services[version]

    def policy(self) -> StackPolicy:
        """The policy of the newest version: the one that is judged."""
        newest = self.status().newest
        return StackPolicy() if newest is None else stack_policy(self.services(newest))

    def watched_alarms(self) -> tuple[str, ...]:
        """The alarms of the version that the stack runs, and those that a rollback awaits."""
        status = self.status()
        applied = [
            alarm
            for entry in self.journal.entries()
            if isinstance(entry.event, Deployed) and entry.event.version == status.applied
            for alarm in entry.event.alarms
        ]
        awaited = status.verifying.alarms if status.verifying else ()
        return tuple(dict.fromkeys([*applied, *awaited]))

    def round(self, observed: Mapping[str, AlarmObservation]) -> Round:
        """Carry on, journal what changed, decide, and do it.

        `observed` holds at least those of `watched_alarms` that exist. Raises `OperationInProgress` while another
        process works on the stack, `WriteConflict` when it was faster, and whatever keeps the work from being done.
        """
        with self.telemetry.span(Span.ROUND, stack=str(self.stack)):
            return self._round(observed)

    def _round(self, observed: Mapping[str, AlarmObservation]) -> Round:
        self._impatient_operator.resume()
        self._journal_changes(observed)
        decision, result = self._decide_and_act(observed)
        if decision.action is Action.NOT_HELPED:
            decision, result = self._decide_and_act(observed)
        return Round(self.stack, decision, result, self._missing(observed))

    def read_alarms(self) -> dict[str, AlarmObservation]:
        """Those of `watched_alarms` that exist. Raises `CloudError`s."""
        names = self.watched_alarms()
        return self.alarm_source().read_existing(names) if names else {}

    @property
    def _impatient_operator(self) -> Operator:
        """What waits for somebody's update is carried on with in a later round: other stacks have their turn."""
        return replace(self.operator, lock_patience_seconds=LOCK_PATIENCE_IN_A_ROUND_SECONDS)

    def _journal_changes(self, observed: Mapping[str, AlarmObservation]) -> None:
        known = self.status().alarms
        for name in self.watched_alarms():
            seen = observed.get(name)
            if seen is not None and _is_news(seen, known.get(name)):
                self.journal.append_next(
                    AlarmChanged(
                        alarm=name,
                        state=seen.state,
                        since=seen.since,
                        explanation=seen.explanation,
                        because=seen.because,
                    )
                )

    def _decide_and_act(self, observed: Mapping[str, AlarmObservation]) -> tuple[Decision, OperationResult | None]:
        with self.telemetry.span(Span.DECIDE, stack=str(self.stack)):
            status, policy = self.status(), self.policy()
            decision = decide(status, self._signal(status, observed), policy, self.clock())
        match decision.action:
            case Action.WAIT:
                return decision, None
            case Action.HOLD:
                self._hold(decision, status)
                return decision, None
            case Action.VERIFIED | Action.NOT_HELPED:
                self._verified(decision, status)
                return decision, None
            case Action.ROLL_BACK | Action.RECOVER:
                return decision, self._impatient_operator.carry_out(decision, status)
            case _ as never:
                assert_never(never)

    def _hold(self, decision: Decision, status: Status) -> None:
        if decision.version is None:
            return
        held = Held(version=decision.version, reason=decision.reason, explanation=decision.explanation)
        # Said once, not in every round.
        if status.held is None or (status.held.version, status.held.reason) != (held.version, held.reason):
            self.journal.append(held, after=status.entries_seen)

    def _verified(self, decision: Decision, status: Status) -> None:
        if status.verifying is None:
            raise ValueError("a verification was decided on, and no rollback awaits one")
        helped = decision.action is Action.VERIFIED
        self.journal.append(
            RollbackVerified(
                operation=status.verifying.id, helped=helped, still_ringing=() if helped else decision.alarms
            ),
            after=status.entries_seen,
        )

    def _signal(self, status: Status, observed: Mapping[str, AlarmObservation]) -> Signal:
        weighing = Weighing(
            status,
            tuple(entry.event for entry in self.journal.entries() if isinstance(entry.event, Deployed)),
            () if status.newest is None else self.services(status.newest),
            self.requests,
            self.alarm_source,
            self.clock(),
        )
        return weighing.signal(self.watched_alarms(), observed)

    def _missing(self, observed: Mapping[str, AlarmObservation]) -> UnknownAlarm | None:
        missing = [name for name in self.watched_alarms() if name not in observed]
        return unknown_alarms(missing) if missing else None


def _is_news(seen: AlarmObservation, known: AlarmChanged | None) -> bool:
    """An alarm that was never seen to ring is of interest only when it does."""
    if known is None:
        return seen.state is AlarmState.ALARM
    return (seen.state, seen.since) != (known.state, known.since)
