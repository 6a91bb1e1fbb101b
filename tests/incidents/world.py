"""Runs an incident in virtual time: a world that goes on, and the controller's pure part, looking at it every minute.

What the controller does with I/O is done here at once and always succeeds; everything it decides by is its own code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rollback_plugin.controller.attribution import weighed
from rollback_plugin.controller.decide import decide
from rollback_plugin.controller.decision import Action, Decision
from rollback_plugin.controller.news import alarm_changes, counts_requests_for, requests_reached
from rollback_plugin.controller.policy import stack_policy
from rollback_plugin.journal.entries import (
    AlarmState,
    Answered,
    Asked,
    Deployed,
    Entry,
    Event,
    FreezeBegan,
    FreezeEnded,
    Held,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
)
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.status import Status
from rollback_plugin.signals.signal import AlarmConfiguration, AlarmObservation, AlarmReading, Baseline, Signal
from rollback_plugin.versions.service import Service
from tests.incidents.incident import Alarm, Deploy, Incident, Said

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VALUES_BEFORE_MINUTES = 60


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def minute_of(moment: datetime) -> int:
    return int((moment - NOON).total_seconds() // 60)


@dataclass
class World:
    """One incident, as far as it went."""

    incident: Incident
    entries: list[Entry] = field(default_factory=list)
    decisions: dict[int, Decision] = field(default_factory=dict)
    """By minute, what was decided last."""
    minute: int = 0
    _folded: tuple[int, int, Status] | None = None
    """The status, with the number of entries and the minute that it is of."""
    _seen: dict[str, AlarmObservation] = field(default_factory=dict)
    _applied_since: dict[int, int | None] = field(default_factory=dict)
    """By minute from which on, the version applied."""

    def __post_init__(self) -> None:
        self._policy = stack_policy(self._services())

    def run(self) -> "World":
        end = max(self.incident.until, *(expected.at for expected in self.incident.expect))
        for self.minute in range(end + 1):
            self._go_on()
            self._look()
        return self

    @property
    def status(self) -> Status:
        if self._folded is None or self._folded[:2] != (len(self.entries), self.minute):
            self._folded = len(self.entries), self.minute, fold(self.entries, at(self.minute))
        return self._folded[2]

    def _go_on(self) -> None:
        for number, deploy in enumerate(self.incident.deploys, start=1):
            if deploy.at == self.minute:
                self._tell(self._deployed(number, deploy))
        self._applied_since[self.minute] = self.status.applied
        for name, alarm in self.incident.alarms.items():
            self._observe(name, alarm)
        for said in self.incident.said:
            if said.at == self.minute:
                self._hear(said)

    def _look(self) -> None:
        """A round of the controller."""
        for change in tuple(alarm_changes(self.status, tuple(self.incident.alarms), self._observed())):
            self._tell(change)
        version = counts_requests_for(self.status, at(self.minute))
        if version is not None:
            served = self._requests(minute_of(max(version.deployed_at, version.in_charge_since)))
            reached = requests_reached(version.number, self._services(), {"service": served})
            if reached is not None:
                self._tell(reached)
        decision = self._decide_and_act()
        if decision.action is Action.NOT_HELPED:
            decision = self._decide_and_act()
        self.decisions[self.minute] = decision

    def _decide_and_act(self) -> Decision:
        signal = self._signal()
        for said_by_values in tuple(weighed(self.status, signal)):
            self._tell(said_by_values)
        decision = decide(self.status, signal, self._policy, at(self.minute))
        for event in _acts(decision, self.status):
            self._tell(event)
        return decision

    def _services(self) -> tuple[Service, ...]:
        return (Service(name="service", kind="x", alarms=tuple(self.incident.alarms), policy=self.incident.policy),)

    def _signal(self) -> Signal:
        observed = self._observed()
        return Signal(
            tuple(self._reading(name, alarm) for name, alarm in self.incident.alarms.items() if name in observed),
            deleted=tuple(name for name in self.incident.alarms if name not in observed),
        )

    def _reading(self, name: str, alarm: Alarm) -> AlarmReading:
        status, observed = self.status, self._seen[name]
        if status.newest is None:
            return AlarmReading(observed)
        newest = status.version(status.newest)
        start = status.verifying.last_activity_at if status.verifying else newest.deployed_at
        redefined = alarm.redefined is not None and alarm.redefined[0] == newest.number
        configuration = alarm.redefined[1] if alarm.redefined and redefined else AlarmConfiguration.UNCHANGED
        compared = status.verifying is not None or redefined or observed.since <= newest.started_at
        return AlarmReading(
            observed,
            self._requests(minute_of(start)),
            configuration=configuration,
            baseline=self._baseline(alarm, minute_of(newest.started_at), minute_of(start)) if compared else None,
            claimed_by="another/stack" if alarm.claimed and _within(alarm.claimed, self.minute) else None,
        )

    def _baseline(self, alarm: Alarm, began: int, ended: int) -> Baseline | None:
        if not alarm.values:
            return None
        before = range(max(0, began - VALUES_BEFORE_MINUTES), began)
        return Baseline(
            tuple(self._value(alarm, minute) for minute in before),
            tuple(self._value(alarm, minute) for minute in range(ended, self.minute)),
            alarm.higher_is_worse,
            alarm.threshold,
        )

    def _value(self, alarm: Alarm, minute: int) -> float:
        cause = alarm.by or alarm.worse_by
        if cause is not None and self._applied_since.get(minute, cause) != cause:
            minute = min(minute, self.incident.deploys[cause - 1].at - 1)
        return next(value for since, value in reversed(alarm.values) if since <= minute)

    def _observe(self, name: str, alarm: Alarm) -> None:
        state = next((state for since, state in reversed(alarm.states) if since <= self.minute), AlarmState.OK)
        if state is AlarmState.ALARM and alarm.by is not None and self._is_gone(alarm.by, alarm.clears_after):
            state = AlarmState.OK
        before = self._seen.get(name)
        since = before.since if before is not None and before.state is state else at(self.minute)
        muted = alarm.muted is not None and _within(alarm.muted, self.minute)
        self._seen[name] = AlarmObservation(name, state, since, actions_enabled=not muted)

    def _is_gone(self, version: int, minutes: int) -> bool:
        """Whether the version hasn't been applied for so long."""
        recent = [self._applied_since.get(self.minute - ago) for ago in range(minutes + 1)]
        return version not in recent

    def _observed(self) -> Mapping[str, AlarmObservation]:
        alarms = self.incident.alarms
        return {
            name: seen
            for name, seen in self._seen.items()
            if alarms[name].deleted is None or self.minute < (alarms[name].deleted or 0)
        }

    def _requests(self, since: int) -> int:
        rates = self.incident.requests_per_minute
        return sum(
            next((rate for start, rate in reversed(rates) if start <= minute), 0)
            for minute in range(since, self.minute)
        )

    def _hear(self, said: Said) -> None:
        question, applied = self.status.question, self.status.applied
        if said.what in ("approve", "deny"):
            assert question is not None, f"{self.incident}: nobody asked by minute {said.at}"
            self._tell(Answered(question=question.asked.question, approved=said.what == "approve"))
        elif said.what == "freeze":
            self._tell(FreezeBegan(until=None if said.until is None else at(said.until)))
        elif said.what == "unfreeze":
            self._tell(FreezeEnded())
        else:
            target = self.status.healthy_target()
            assert applied is not None
            assert target is not None, f"{self.incident}: nothing to go back to at minute {said.at}"
            ringing = tuple(name for name, seen in self._seen.items() if seen.state is AlarmState.ALARM)
            for event in _rollback(applied, target, ReasonCode.REQUESTED, ringing):
                self._tell(event)

    def _deployed(self, number: int, deploy: Deploy) -> Deployed:
        policy = self.incident.policy
        return Deployed(
            version=number,
            kind="destroy" if deploy.destroys else "deploy",
            update=f"update-{number}",
            succeeded=not deploy.failed,
            started_at=at(deploy.at - 1),
            finished_at=at(deploy.at),
            content_digest=None,
            version_digest="",
            bake_seconds=policy.bake_seconds,
            bake_requests=policy.bake_requests,
            alarms=tuple(self.incident.alarms),
        )

    def _tell(self, event: Event) -> None:
        self.entries.append(
            Entry(sequence=len(self.entries) + 1, time=at(self.minute), actor="x@y:1", previous="", event=event)
        )


def _acts(decision: Decision, status: Status) -> tuple[Event, ...]:
    """What the controller journals for a decision that it carries out."""
    version, target, wanted = decision.version, decision.target, decision.wanted
    if decision.action is Action.HOLD and version is not None:
        held = Held(version=version, reason=decision.reason, explanation=decision.explanation)
        return () if status.held and (status.held.version, status.held.reason) == (version, held.reason) else (held,)
    if wanted is not None and wanted.version is not None and wanted.target is not None:
        return _asks(decision, wanted.version, wanted.target, wanted, status)
    if decision.action in (Action.VERIFIED, Action.NOT_HELPED) and status.verifying is not None:
        helped = decision.action is Action.VERIFIED
        still_ringing = () if helped else decision.alarms
        return (RollbackVerified(operation=status.verifying.id, helped=helped, still_ringing=still_ringing),)
    if version is None or target is None:
        return ()
    if decision.action is Action.ROLL_BACK:
        return _rollback(version, target, decision.reason, decision.alarms)
    operation = f"recovery-{status.entries_seen}"
    return (
        RecoveryStarted(operation=operation, target=target, reason=decision.reason),
        Recovered(operation=operation, target=target, update="u"),
    )


def _asks(decision: Decision, version: int, target: int, wanted: Decision, status: Status) -> tuple[Event, ...]:
    asked = Asked(
        question=f"question-{status.entries_seen}",
        kind="rollback" if wanted.action is Action.ROLL_BACK else "recovery",
        version=version,
        target=target,
        because=wanted.reason,
        reason=decision.reason,
        alarms=wanted.alarms,
        explanation=decision.explanation,
    )
    known = status.question is not None and status.question.covers(asked.kind, version, wanted.alarms)
    return () if known else (asked,)


def _rollback(undoes: int, target: int, reason: ReasonCode, alarms: tuple[str, ...]) -> tuple[Event, ...]:
    operation = f"rollback-{undoes}-{target}"
    return (
        RollbackStarted(operation=operation, undoes=undoes, target=target, reason=reason, alarms=alarms),
        RolledBack(operation=operation, undoes=undoes, target=target, update="u"),
    )


def _within(span: tuple[int, int], minute: int) -> bool:
    return span[0] <= minute < span[1]
