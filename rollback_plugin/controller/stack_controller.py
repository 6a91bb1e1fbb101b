"""Everything that works on one stack, and one round of the controller over it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal, assert_never

import stamina

from rollback_plugin.controller.arbitration import Claim, claim
from rollback_plugin.controller.attribution import weighed
from rollback_plugin.controller.beside import Study
from rollback_plugin.controller.decide import decide
from rollback_plugin.controller.decision import Action, Decision
from rollback_plugin.controller.detection import DetectionStudy
from rollback_plugin.controller.evidence import EvidenceSources, EvidenceStudy
from rollback_plugin.controller.execution import OperationResult
from rollback_plugin.controller.news import alarm_changes, counts_requests_for, requests_reached
from rollback_plugin.controller.operate import Operator
from rollback_plugin.controller.policy import StackPolicy, stack_policy
from rollback_plugin.controller.ports import EngineBackend, Replayer, VersionRecorder
from rollback_plugin.controller.way_back import WayBack
from rollback_plugin.controller.way_forward import WayForward
from rollback_plugin.controller.weighing import Weighing
from rollback_plugin.errors import UnknownAlarm, WriteConflict
from rollback_plugin.journal.entries import Asked, Event, Held, RollbackVerified
from rollback_plugin.journal.history import HistoryRow, history_of
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Status
from rollback_plugin.notices.channel import Channel
from rollback_plugin.signals.alarms import AlarmSource, unknown_alarms
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.signals.signal import AlarmObservation, Signal
from rollback_plugin.stack import StackName
from rollback_plugin.telemetry.interface import SILENT, Span, Telemetry
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.service import Service

LOCK_PATIENCE_IN_A_ROUND_SECONDS = 5.0
NEWS_ATTEMPTS = 16
"""How often a round tries to journal what it saw; each lost attempt means that another's entry was written."""


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
    channels: Callable[[], Sequence[Channel]] = tuple
    """Where the stack's notices go; finding out may take the engine. Raises `InvalidConfiguration` and the errors of
    backend and engine."""
    evidence_sources: EvidenceSources | None = None
    """None: nobody keeps evidence."""
    _services: dict[int, tuple[Service, ...]] = field(default_factory=dict, repr=False, compare=False)
    """By version. Versions never change."""
    _recoveries_planned: set[str] = field(default_factory=set, repr=False, compare=False)
    """After which rollbacks."""

    @property
    def way_back(self) -> WayBack:
        """Works out, and journals, what undoing the newest version takes."""
        return WayBack(self.journal, self.replay, self.operator.consumers_ahead, self.clock)

    @property
    def way_forward(self) -> WayForward:
        """Works out what recovering a version that was rolled back takes, while that is being verified."""
        return WayForward(self.stack, self.journal, self.replay, self.clock, self._recoveries_planned)

    @property
    def detection(self) -> DetectionStudy:
        """Works out, and journals, what the alarms of the newest version can see."""
        return DetectionStudy(self.journal, self.services, self.alarm_source, self.requests, self.clock)

    @property
    def evidence(self) -> EvidenceStudy | None:
        """Gathers, and journals, what the last judgement rested on; None where nobody keeps evidence."""
        sources = self.evidence_sources
        if sources is None:
            return None
        return EvidenceStudy(self.journal, self.services, self.alarm_source, self.requests, sources, self.clock)

    @property
    def studies(self) -> tuple[Study[Event | None], ...]:
        """All that is worked out beside the rounds; the way forward, for which there may soon be need, first."""
        evidence = self.evidence
        studies = (self.way_forward, self.way_back, self.detection)
        return studies if evidence is None else (*studies, evidence)

    def status(self) -> Status:
        """The stack as its journal tells it, now."""
        return self.journal.status(self.clock())

    def history(self) -> tuple[HistoryRow, ...]:
        """Deploys, rollbacks and recoveries, oldest first."""
        return history_of(self.journal.facts(), self.clock())

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
        deployed = None if status.applied is None else self.journal.facts().deployed(status.applied)
        applied = () if deployed is None else deployed.alarms
        awaited = status.verifying.alarms if status.verifying else ()
        return tuple(dict.fromkeys([*applied, *awaited]))

    def round(
        self, observed: Mapping[str, AlarmObservation], claimed: Mapping[str, str] = MappingProxyType({})
    ) -> Round:
        """Carry on, journal what changed, decide, and do it. Nothing is carried on with while the stack is frozen.

        `observed` holds at least those of `watched_alarms` that exist, `claimed` those that another stack is judged by
        first, with its name. Raises `OperationInProgress` while another
        process works on the stack, `WriteConflict` when it was faster, and whatever keeps the work from being done.
        """
        with self.telemetry.span(Span.ROUND, stack=str(self.stack)):
            return self._round(observed, claimed)

    def _round(self, observed: Mapping[str, AlarmObservation], claimed: Mapping[str, str]) -> Round:
        with self.journal.read_once():
            status = self.status()
        if status.operation is not None and status.freeze is None:
            self._impatient_operator.resume()
        with self.journal.read_once():
            self._journal_news(observed)
            missing = self._missing(observed)
        decision, result = self._decide_and_act(observed, claimed)
        if decision.action is Action.NOT_HELPED:
            decision, result = self._decide_and_act(observed, claimed)
        return Round(self.stack, decision, result, missing)

    def claim(self, place: int, observed: Mapping[str, AlarmObservation]) -> Claim | None:
        """What it acts on, or would, if no other stack had to be judged first. Journals what changed; raises as `round`
        does."""
        with self.journal.read_once():
            self._journal_news(observed)
            status, decision = self._decide(observed, {})
        return claim(place, str(self.stack), status, decision, self.policy().priority)

    def read_alarms(self) -> dict[str, AlarmObservation]:
        """Those of `watched_alarms` that exist. Raises `CloudError`s."""
        names = self.watched_alarms()
        return self.alarm_source().read_existing(names) if names else {}

    @property
    def _impatient_operator(self) -> Operator:
        """What waits for somebody's update is carried on with in a later round: other stacks have their turn."""
        return replace(self.operator, lock_patience_seconds=LOCK_PATIENCE_IN_A_ROUND_SECONDS)

    def _journal_news(self, observed: Mapping[str, AlarmObservation]) -> None:
        self._journal_each(lambda status: alarm_changes(status, self.watched_alarms(), observed))
        version = counts_requests_for(self.status(), self.clock())
        if version is not None:
            services = self.services(version.number)
            start = max(version.deployed_at, version.in_charge_since)
            served = {service.name: self.requests.since(service, start, self.clock()) for service in services}
            reached = requests_reached(version.number, services, served)
            if reached is not None:
                self._journal_each(lambda status: [reached] if counts_requests_for(status, self.clock()) else [])

    def _journal_each(self, news: Callable[[Status], Iterable[Event]]) -> None:
        """Journal what is news to the journal as it is then: others may have journaled the same meanwhile."""
        for attempt in stamina.retry_context(on=WriteConflict, attempts=NEWS_ATTEMPTS, wait_initial=0.05):
            with attempt:
                status = self.status()
                for number, event in enumerate(tuple(news(status))):
                    self.journal.append(event, after=status.entries_seen + number)

    def _decide(self, observed: Mapping[str, AlarmObservation], claimed: Mapping[str, str]) -> tuple[Status, Decision]:
        with self.telemetry.span(Span.DECIDE, stack=str(self.stack)), self.journal.read_once():
            status = self.status()
            signal = self._signal(status, observed).claimed(claimed)
            self._journal_each(lambda status: weighed(status, signal))
            status = self.status()
            return status, decide(status, signal, self.policy(), self.clock())

    def _decide_and_act(
        self, observed: Mapping[str, AlarmObservation], claimed: Mapping[str, str]
    ) -> tuple[Decision, OperationResult | None]:
        status, decision = self._decide(observed, claimed)
        match decision.action:
            case Action.WAIT:
                return decision, None
            case Action.HOLD:
                self._hold(decision, status)
                return decision, None
            case Action.ASK:
                self._ask(decision, status)
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

    def _ask(self, decision: Decision, status: Status) -> None:
        wanted = decision.wanted
        if wanted is None or wanted.version is None or wanted.target is None:
            raise ValueError(f"{decision.reason} asks for nothing that could be done")
        kind: Literal["rollback", "recovery"] = "rollback" if wanted.action is Action.ROLL_BACK else "recovery"
        if status.question is not None and status.question.covers(kind, wanted.version, wanted.alarms):
            return
        asked = Asked(
            question=uuid.uuid4().hex[:12],
            kind=kind,
            version=wanted.version,
            target=wanted.target,
            because=wanted.reason,
            reason=decision.reason,
            alarms=wanted.alarms,
            explanation=decision.explanation,
        )
        self.journal.append(asked, after=status.entries_seen)

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
            self.journal.facts().named_first,
            () if status.newest is None else self.services(status.newest),
            self.requests,
            self.alarm_source,
            self.clock(),
        )
        return weighing.signal(self.watched_alarms(), observed)

    def _missing(self, observed: Mapping[str, AlarmObservation]) -> UnknownAlarm | None:
        missing = [name for name in self.watched_alarms() if name not in observed]
        return unknown_alarms(missing) if missing else None
