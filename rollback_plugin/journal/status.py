"""What a stack's status is made of."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from rollback_plugin.errors import UnknownVersion, VersionPruned
from rollback_plugin.journal.entries import (
    AlarmChanged,
    Answered,
    Asked,
    Detection,
    EvidenceKept,
    FreezeBegan,
    Held,
    Planned,
    ReasonCode,
    TrafficShifted,
)
from rollback_plugin.journal.options import DEFAULT_OPTIONS, Keeping, OperationOptions


class Verdict(StrEnum):
    """What is known about a version."""

    BAKING = "baking"
    """In its bake window, with nothing against it yet."""
    HEALTHY = "healthy"
    """Was in charge all through its bake window, and no alarm counts against it."""
    SUSPECT = "suspect"
    """An alarm counts against it, and it was not rolled back."""
    FAILED = "failed"
    """Its update failed."""
    QUARANTINED = "quarantined"
    """It was rolled back."""
    SUPERSEDED = "superseded"
    """Another version took its place before its bake window had passed."""
    DESTROYED = "destroyed"
    """A `pulumi destroy` that succeeded: never something to go back to."""
    RELEASED = "released"
    """It was rolled back, and a person lifted the quarantine."""


class Undone(Struct, frozen=True):
    """How a version was rolled back, when that was done for the first time since it was applied as it is."""

    target: int
    newest: int
    """The newest version there was then: what has a higher number was deployed after the rollback."""


class Pruning(Struct, frozen=True):
    """What was kept of a version was removed, and it can't be applied again."""

    at: datetime
    by: str


class VersionStatus(Struct, frozen=True):
    """A version, judged."""

    number: int
    verdict: Verdict
    reason: str
    """The verdict's ground, as a sentence for people."""
    content_digest: str | None
    started_at: datetime
    deployed_at: datetime
    """When its update ended."""
    bake_ends_at: datetime
    """End of its latest bake window: after its deploy, or after its latest recovery."""
    succeeded: bool
    kind: Literal["deploy", "destroy"]
    in_charge_since: datetime
    """When its update, or its latest recovery, put it in charge."""
    awaits_requests: bool
    """Whether it served too few requests for its bake window to end."""
    quarantined: bool
    attributable_alarms: tuple[str, ...]
    """Names of alarms that count against it, sorted; ringing or not by now."""
    worsened_alarms: tuple[str, ...]
    """Those of them that rang before its deploy, and got worse with it."""
    exonerated_alarms: tuple[str, ...]
    """Names of alarms that it was shown not to be the cause of, sorted."""
    undone: Undone | None = None
    """None unless it was rolled back and not applied as it is since."""
    way_back: Planned | None = None
    """What undoing it would take, as it was worked out last; None where nobody did."""
    detection: Detection | None = None
    """What its alarms can see; None where nobody worked that out."""
    evidence: EvidenceKept | None = None
    """Where to find what its latest judgement rested on; None where nothing was kept."""
    pruned: Pruning | None = None
    """None as long as it is kept."""


class JudgedVersions(ABC, Sequence[VersionStatus]):
    """Versions by number, each judged when it is asked for: those of years are seldom all looked at."""

    @abstractmethod
    def numbered(self, number: int) -> VersionStatus | None:
        """The version of that number; None where there is none."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as of all that compares by value and isn't frozen

    def __repr__(self) -> str:
        return repr(tuple(self))


class Operation(Struct, frozen=True):
    """A rollback or a recovery."""

    id: str
    kind: Literal["rollback", "recovery"]
    undoes: int | None
    """The version rolled back; None for a recovery."""
    target: int
    reason: ReasonCode
    alarms: tuple[str, ...]
    started_at: datetime
    last_activity_at: datetime
    actor: str
    """Whose it is: who began it, or took it over last."""
    options: OperationOptions = DEFAULT_OPTIONS
    shifted: tuple[TrafficShifted, ...] = ()
    taken_over_at: datetime | None = None
    """When `actor` took it over; None where it began it."""

    @property
    def owned_since(self) -> datetime:
        """Since when it is `actor`'s."""
        return self.taken_over_at or self.started_at


class Question(Struct, frozen=True):
    """What a person was asked since the last deploy or operation, and what they answered."""

    asked: Asked
    at: datetime
    answer: Answered | None = None
    answered_by: str = ""

    def covers(self, kind: Literal["rollback", "recovery"], version: int | None, alarms: tuple[str, ...]) -> bool:
        """Whether it asks for that, on the ground of all these alarms."""
        asked = self.asked
        return (asked.kind, asked.version) == (kind, version) and set(alarms) <= set(asked.alarms)


class Freeze(Struct, frozen=True):
    """Nothing is done without a person."""

    began: FreezeBegan
    at: datetime
    by: str


class OperationFailure(Struct, frozen=True):
    """An operation that ended without reaching its target."""

    operation: Operation
    error: str
    at: datetime


class Status(Struct, frozen=True):
    """A stack at one moment, as its journal tells it."""

    entries_seen: int
    """Sequence of the last entry this is made from: what `Journal.append` takes as `after`."""
    versions: JudgedVersions
    applied: int | None
    """The version the stack runs; for one whose update failed, what that update got done."""
    recovered: bool
    """Whether it is applied because it was recovered."""
    keeping: Keeping | None
    """What the recovery that applied it kept of other versions; None for nothing."""
    newest: int | None
    operation: Operation | None
    """In progress."""
    verifying: Operation | None
    """The rollback that was carried out and not yet seen to help or not."""
    unhelpful: Operation | None
    """The rollback that was seen not to help, with nothing put in its place yet."""
    last_failure: OperationFailure | None
    """The last operation, if it failed and nothing followed it."""
    alarms: Mapping[str, AlarmChanged]
    """By alarm, the state it was last seen in."""
    held: Held | None
    """Why nothing was done, last; None once something was."""
    question: Question | None = None
    """What a person is asked, or answered, since the last deploy or operation."""
    freeze: Freeze | None = None
    """In force now."""
    automatic_rollbacks: tuple[datetime, ...] = ()
    """When each rollback began that no person had the idea of, oldest first."""

    def version(self, number: int) -> VersionStatus:
        """Raises `UnknownVersion`, listing those there are."""
        found = self.versions.numbered(number)
        if found is not None:
            return found
        there = ", ".join(str(version.number) for version in self.versions)
        if not there:
            raise UnknownVersion(
                f"There is no version {number}: no deploy of this stack has been recorded yet. Run `rollback record` "
                "after `pulumi up`."
            )
        raise UnknownVersion(f"There is no version {number} of this stack. There are: {there}. See `rollback history`.")

    def kept_version(self, number: int) -> VersionStatus:
        """Like `version`; raises `VersionPruned` where nothing is kept of it any more."""
        version = self.version(number)
        if version.pruned is None:
            return version
        kept = ", ".join(str(known.number) for known in self.versions if known.pruned is None)
        raise VersionPruned(
            f"Version {number} can't be had again: {version.pruned.by} pruned it at"
            f" {version.pruned.at:%Y-%m-%d %H:%M:%S} UTC. These are kept: {kept}."
        )

    def healthy_target(self) -> int | None:
        """The newest healthy version older than the one the stack runs; None when there is nothing to go back to.

        A version whose changes were kept by the recovery that came after it is older, too.
        """
        if self.applied is None:
            return None
        kept = None if self.keeping is None else self.keeping.version
        older = (
            version.number
            for version in reversed(self.versions)
            if (version.number < self.applied or version.number == kept)
            and version.verdict is Verdict.HEALTHY
            and version.pruned is None
        )
        return next(older, None)

    def unproven_target(self) -> int | None:
        """The newest version older than the one the stack runs that nothing speaks against, though its bake window was
        cut short, or its quarantine lifted by a person; None where there is none."""
        if self.applied is None:
            return None
        unproven = {Verdict.SUPERSEDED, Verdict.RELEASED}
        older = (
            v.number
            for v in reversed(self.versions)
            if v.number < (self.applied or 0) and v.verdict in unproven and v.pruned is None
        )
        return next(older, None)
