"""The journal of a stack over years, as it would come about: three releases a day, most of them good."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmState,
    Answered,
    Asked,
    Deployed,
    Detection,
    Event,
    EvidenceKept,
    FreezeBegan,
    FreezeEnded,
    Held,
    LockBroken,
    OperationFailed,
    Planned,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    Released,
    RequestsReached,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
    TakenOver,
    TrafficShifted,
)
from rollback_plugin.journal.reversibility import Reversibility

BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
BAKE = timedelta(minutes=10)
ALARMS = tuple(f"orders-{what}" for what in ("errors", "latency", "throttles", "queue-age"))
ACTOR = "worker@controller-0:17"


class Years:
    """Tells what happened, one event after the other. `now` is when the event told last was written."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.told = 0
        self._chance = random.Random(1)  # noqa: S311 - what goes wrong is no secret
        self._operations = 0

    def events(self) -> Iterator[Event]:
        """Without an end. `told` counts them."""
        for event in self._releases():
            self.told += 1
            yield event

    def _releases(self) -> Iterator[Event]:
        version = 0
        while True:
            version += 1
            self._pass(hours=self._chance.uniform(4, 12))
            yield from self._deployed(version)
            if version > 1 and self._chance.random() < 0.12:
                yield from self._incident(version)
            else:
                self._pass(minutes=self._chance.uniform(1, 9))
                yield RequestsReached(version=version, served={"orders": 1_200})
                self._pass(minutes=30)
                for _ in range(self._chance.randrange(3)):
                    yield from self._flicker(version)
            yield from self._people(version)

    def _deployed(self, version: int) -> Iterator[Event]:
        started, ended = self.now, self._pass(seconds=self._chance.uniform(20, 300))
        yield Deployed(
            version=version,
            update=f"prod-{int(ended.timestamp() * 10**9)}",
            succeeded=self._chance.random() > 0.01,
            started_at=started,
            finished_at=ended,
            content_digest=self._digest(),
            version_digest=self._digest(),
            bake_seconds=int(BAKE.total_seconds()),
            bake_requests=1_000,
            alarms=ALARMS,
        )
        self._pass(seconds=3)
        yield Planned(
            version=version,
            target=version - 1 or None,
            verdict=Reversibility.REVERSIBLE_BUT,
            reasons=("urn:pulumi:prod::shop::aws:dynamodb/table:Table::orders: what it holds stays as it is",),
        )
        self._pass(seconds=3)
        yield Detection(version=version, alarms=tuple(map(_power, ALARMS)))

    def _incident(self, version: int) -> Iterator[Event]:
        self._operations += 1
        operation, alarm = f"{self._operations:012x}", self._chance.choice(ALARMS)
        yield self._alarm(alarm, AlarmState.ALARM)
        yield RollbackStarted(
            operation=operation,
            undoes=version,
            target=version - 1,
            reason=ReasonCode.ALARM_AFTER_DEPLOY,
            alarms=(alarm,),
        )
        about = self.told
        self._pass(seconds=1)
        yield TrafficShifted(operation=operation, service="orders", before=str(version), after=str(version - 1))
        if self._chance.random() < 0.03:
            self._pass(minutes=2)
            yield TakenOver(operation=operation, owner="worker@controller-1:17")
            yield LockBroken(holder="worker@controller-1:17")
        self._pass(seconds=20)
        if self._chance.random() < 0.03:
            yield OperationFailed(operation=operation, error="the engine failed; its log says why")
            return
        yield RolledBack(operation=operation, undoes=version, target=version - 1, update=f"prod-{operation}")
        yield EvidenceKept(version=version, about=about, digest=self._digest())
        helped = self._chance.random() < 0.8
        if helped:
            yield self._alarm(alarm, AlarmState.OK)
        self._pass(minutes=5)
        yield RollbackVerified(operation=operation, helped=helped, still_ringing=() if helped else (alarm,))
        if helped:
            return
        again = f"{operation}r"
        yield RecoveryStarted(operation=again, target=version, reason=ReasonCode.ROLLBACK_DID_NOT_HELP)
        self._pass(seconds=20)
        yield Recovered(operation=again, target=version, update=f"prod-{again}")
        yield self._alarm(alarm, AlarmState.OK)

    def _flicker(self, version: int) -> Iterator[Event]:
        """An alarm that rings for a while, long after the bake."""
        alarm = self._chance.choice(ALARMS)
        yield self._alarm(alarm, AlarmState.ALARM)
        if self._chance.random() < 0.5:
            reason = ReasonCode.ALARM_OUTSIDE_BAKE_WINDOW
            yield Held(version=version, reason=reason, explanation=f"{alarm} rings, but the bake window is over")
        self._pass(minutes=self._chance.uniform(1, 30))
        yield self._alarm(alarm, self._chance.choice([AlarmState.OK, AlarmState.OK, AlarmState.INSUFFICIENT_DATA]))

    def _people(self, version: int) -> Iterator[Event]:
        said = self._chance.random()
        if said < 0.02:
            yield FreezeBegan(until=self.now + timedelta(days=1), explanation="a campaign")
            self._pass(hours=3)
            yield FreezeEnded()
        elif said < 0.04:
            question = self._digest()[:12]
            yield Asked(
                question=question,
                kind="rollback",
                version=version,
                target=max(version - 1, 1),
                because=ReasonCode.ALARM_AFTER_DEPLOY,
                reason=ReasonCode.QUIET_HOURS,
                alarms=ALARMS[:1],
                explanation="the policy leaves it to people at night",
            )
            self._pass(minutes=10)
            yield Answered(question=question, approved=False, explanation="known")
        elif said < 0.06:
            yield Released(version=version, explanation="the dependency was at fault")

    def _alarm(self, alarm: str, state: AlarmState) -> AlarmChanged:
        since = self._pass(seconds=self._chance.uniform(20, 200))
        self._pass(seconds=10)
        return AlarmChanged(
            alarm=alarm,
            state=state,
            since=since,
            explanation="Threshold Crossed: 2 datapoints [7.0 (01/01/16 10:01:00), 9.0 (01/01/16 10:00:00)] were "
            "greater than or equal to the threshold (3.0).",
        )

    def _pass(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now

    def _digest(self) -> str:
        return f"{self._chance.getrandbits(256):064x}"


def _power(alarm: str) -> AlarmPower:
    return AlarmPower(
        alarm=alarm,
        sight=Sight.SEES,
        explanation="a rise of 1.8 points or more in failing requests within 120 s, at the traffic of the last hour",
        rise_points=1.8,
        within_seconds=120,
    )
