"""From a journal to a stack's status at a given time: no clock, no I/O, the same for all who read the same entries.

- *An alarm counts against* a version when it went to ALARM after that version's update began (or its recovery was
  done), not later than the end of its bake window, and while the version was in charge; unless the version was shown
  not to be its cause. When the alarm was noticed, or written down, doesn't matter: an alarm that goes off half-way
  through an update counts against it, and one that rang before the update doesn't.
- *In charge* is the version deployed or recovered last, until another takes its place or it is rolled back. An alarm
  after a rollback counts against nobody.
- *An alarm that rang before* counts against a version if it was seen to have got worse with it.
- *Healthy*: its update succeeded, the whole bake window passed while it was in charge, and no alarm counts against it.
  Where the policy asks for requests, too, the window stays open until they were served.
  Time alone turns baking into healthy, ends a freeze at its date, and changes nothing else.
- *Superseded*: another deploy or recovery began before its bake window had passed. With an alarm against it, it stays
  suspect.
- *Quarantined*: rolled back. A recovery or a release lifts it; nothing else does.
- *A recovery* starts a new bake window, and clears the version of the alarms that ring then: they rang without it.
- *A recovery onto a later deploy* keeps what that changed: what is applied then is the version recovered with these
  changes, until another deploy, rollback or recovery. Rolled back and recovered again, it keeps them again.
- *A rollback that didn't help* clears the version it undid of the alarms that went on ringing.
- *A failed update* makes a version too, and it is the one applied: what it got done is live.
- *A deploy recorded only after* an operation that came later than it did is superseded: what it did is gone.
- *A question* to a person, with its answer, lasts until the next deploy, operation or freeze.
- *Pruned*: nothing of it is kept but its entries, so nothing goes back to it. Its verdict stays.
- *A deploy during verification* ends it: the alarms can't tell the two apart any more.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from sys import maxsize
from types import MappingProxyType
from typing import overload

from rollback_plugin.journal.apply import facts_of
from rollback_plugin.journal.entries import AlarmChanged, Entry
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.status import Freeze, JudgedVersions, Status, Verdict, VersionStatus
from rollback_plugin.journal.tenure import Tenure, VersionFacts


def fold(entries: Sequence[Entry], now: datetime) -> Status:
    """The stack's status at `now`, which is not before the last entry."""
    return status_of(facts_of(entries), now)


def status_of(facts: Facts, now: datetime) -> Status:
    """The same, for who has the facts that the entries tell of."""
    return Status(
        entries_seen=facts.entries_seen,
        versions=_Judged(facts, now),
        applied=facts.applied,
        recovered=facts.recovered,
        keeping=facts.keeping,
        newest=facts.versions.last,
        operation=facts.operation,
        verifying=facts.verifying,
        unhelpful=facts.unhelpful,
        last_failure=facts.last_failure,
        alarms=MappingProxyType(dict(facts.alarms)),
        held=facts.held,
        question=facts.question,
        freeze=facts.freeze if facts.freeze is not None and _in_force(facts.freeze, now) else None,
        automatic_rollbacks=facts.automatic_rollbacks,
    )


class _Judged(JudgedVersions):
    def __init__(self, facts: Facts, now: datetime) -> None:
        self._facts = facts
        self._now = now
        self._judged: dict[int, VersionStatus] = {}

    def numbered(self, number: int) -> VersionStatus | None:
        known = self._facts.versions.get(number)
        return None if known is None else self._of(number, known)

    def __len__(self) -> int:
        return len(self._facts.versions)

    @overload
    def __getitem__(self, index: int) -> VersionStatus: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[VersionStatus]: ...
    def __getitem__(self, index: int | slice) -> VersionStatus | Sequence[VersionStatus]:
        if isinstance(index, slice):
            return tuple(self)[index]
        number = self._facts.versions.place(index if index >= 0 else index + len(self))
        return self._of(number, self._facts.versions[number])

    def __iter__(self) -> Iterator[VersionStatus]:
        return (self._of(number, known) for number, known in self._facts.versions.items())

    def __reversed__(self) -> Iterator[VersionStatus]:
        return (self._of(number, self._facts.versions[number]) for number in reversed(self._facts.versions))

    def _of(self, number: int, known: VersionFacts) -> VersionStatus:
        if number not in self._judged:
            self._judged[number] = _judged(known, self._facts, self._now)
        return self._judged[number]


def _in_force(freeze: Freeze, now: datetime) -> bool:
    return freeze.began.until is None or now < freeze.began.until


def _judged(version: VersionFacts, facts: Facts, now: datetime) -> VersionStatus:
    against = {name: alarm for name, alarm in _rang_in(version.tenure, facts).items() if name not in version.exonerated}
    worsened = version.worsened - version.exonerated
    verdict, reason = _verdict(version, _grounds(against, worsened), now)
    return VersionStatus(
        number=version.deployed.version,
        verdict=verdict,
        reason=reason,
        content_digest=version.deployed.content_digest,
        started_at=version.deployed.started_at,
        deployed_at=version.deployed.finished_at,
        bake_ends_at=version.tenure.bake_ends_at,
        succeeded=version.deployed.succeeded,
        kind=version.deployed.kind,
        in_charge_since=version.tenure.start,
        awaits_requests=version.tenure.awaits_requests,
        quarantined=version.quarantine is not None,
        attributable_alarms=tuple(sorted(worsened.union(against))),
        worsened_alarms=tuple(sorted(worsened - set(against))),
        exonerated_alarms=tuple(sorted(version.exonerated)),
        undone=version.undone,
        way_back=version.way_back,
        detection=version.detection,
        evidence=version.evidence,
        pruned=version.pruned,
    )


def _rang_in(tenure: Tenure, facts: Facts) -> Mapping[str, AlarmChanged]:
    """By alarm, how it went to ALARM in that time, as it was told of first."""
    if not facts.rang.pages:
        return {}
    closed = [time for time in (tenure.end, None if tenure.awaits_requests else tenure.bake_ends_at) if time]
    told: dict[str, tuple[int, AlarmChanged]] = {}
    for (since, sequence), alarm in facts.rang.between(
        (tenure.start, maxsize), (min(closed), maxsize) if closed else None
    ):
        if tenure.covers(since) and sequence < told.get(alarm.alarm, (maxsize, alarm))[0]:
            told[alarm.alarm] = (sequence, alarm)
    return {name: alarm for name, (_, alarm) in told.items()}


def _grounds(against: Mapping[str, AlarmChanged], worsened: frozenset[str]) -> str:
    """What speaks against a version, in words; empty where nothing does."""
    if not against and not worsened:
        return ""
    rang = ", ".join(f"{name} at {_clock_time(alarm.since)}" for name, alarm in sorted(against.items()))
    worse = ", ".join(sorted(worsened - set(against)))
    return "; ".join(
        words
        for words in (
            rang and f"went to ALARM in its bake window: {rang}",
            worse and f"rang before its deploy and got worse with it: {worse}",
        )
        if words
    )


def _verdict(version: VersionFacts, grounds: str, now: datetime) -> tuple[Verdict, str]:
    tenure = version.tenure
    if version.quarantine is not None:
        return Verdict.QUARANTINED, f"rolled back to version {version.quarantine.target}"
    if version.released is not None:
        return Verdict.RELEASED, f"its quarantine was lifted: {version.released.explanation or 'no reason was given'}"
    if not version.deployed.succeeded:
        return Verdict.FAILED, "its update failed"
    if version.deployed.kind == "destroy":
        return Verdict.DESTROYED, "it destroyed the stack's resources"
    if grounds:
        return Verdict.SUSPECT, grounds
    if not tenure.baked:
        return Verdict.SUPERSEDED, f"version {tenure.successor} took its place before its bake window had passed"
    if now < tenure.bake_ends_at:
        return Verdict.BAKING, f"its bake window ends at {_clock_time(tenure.bake_ends_at)}"
    if tenure.awaits_requests:
        return Verdict.BAKING, f"it bakes until {version.deployed.bake_requests} requests were served"
    return Verdict.HEALTHY, "no alarm while it baked"


def _clock_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
