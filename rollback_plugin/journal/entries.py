"""What can happen to a stack: the entries of its journal.

Entries are parsed from stored bytes: strictly, with unknown fields refused.
No entry carries a property value of a resource or of the stack's config: secrets cannot get in.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from rollback_plugin.journal.detection import AlarmPower
from rollback_plugin.journal.options import DEFAULT_OPTIONS, OperationOptions
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.stored import Moment, Stored


def _in_utc(record: Struct, *names: str) -> None:
    """One moment is always written the same way."""
    for name in names:
        moment: datetime | None = getattr(record, name)
        if moment is None or moment.tzinfo is UTC:
            continue
        if moment.tzinfo is None:
            raise ValueError(f"{name} is a time without its zone")
        force_setattr(record, name, moment.astimezone(UTC))


class _Event(Stored, frozen=True, tag_field="event"):
    """Something that happened. In JSON its field `event` says what."""

    @property
    def event(self) -> str:
        """Its kind: the stable token that stands in the journal."""
        return str(self.__struct_config__.tag)


class AlarmState(StrEnum):
    """CloudWatch's three alarm states."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class ReasonCode(StrEnum):
    """Why something was decided. Stable tokens: they stand in the journal for years.

    docs/reason-codes.md says of each what it means and what to do; a test holds that the two agree.
    """

    ALARM_AFTER_DEPLOY = "ALARM_AFTER_DEPLOY"
    ALARM_GOT_WORSE = "ALARM_GOT_WORSE"
    UPDATE_FAILED = "UPDATE_FAILED"
    REQUESTED = "REQUESTED"
    ROLLBACK_DID_NOT_HELP = "ROLLBACK_DID_NOT_HELP"
    NO_ALARM = "NO_ALARM"
    ALARM_BEFORE_DEPLOY = "ALARM_BEFORE_DEPLOY"
    ALARM_OUTSIDE_BAKE_WINDOW = "ALARM_OUTSIDE_BAKE_WINDOW"
    ALARM_EXONERATED = "ALARM_EXONERATED"
    ALARM_REDEFINED = "ALARM_REDEFINED"
    ALARM_MUTED = "ALARM_MUTED"
    ALARM_DELETED = "ALARM_DELETED"
    SHARED_ALARM = "SHARED_ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    TOO_FEW_REQUESTS = "TOO_FEW_REQUESTS"
    NO_HEALTHY_VERSION = "NO_HEALTHY_VERSION"
    AUTOMATIC_ROLLBACK_OFF = "AUTOMATIC_ROLLBACK_OFF"
    AUTOMATIC_RECOVERY_OFF = "AUTOMATIC_RECOVERY_OFF"
    RECOVERY_DELAYED = "RECOVERY_DELAYED"
    QUIET_HOURS = "QUIET_HOURS"
    ROLLBACK_LIMIT = "ROLLBACK_LIMIT"
    FROZEN = "FROZEN"
    DENIED = "DENIED"
    DESTROYED = "DESTROYED"
    NOT_THE_NEWEST_VERSION = "NOT_THE_NEWEST_VERSION"
    PLAN_REFUSED = "PLAN_REFUSED"
    OPERATION_IN_PROGRESS = "OPERATION_IN_PROGRESS"
    VERIFYING = "VERIFYING"
    ALARM_CLEARED = "ALARM_CLEARED"
    OPERATION_FAILED = "OPERATION_FAILED"


class Deployed(_Event, frozen=True, kw_only=True, tag="deployed"):
    """An update that was not ours ended; its outcome is version `version`."""

    version: int
    kind: Literal["deploy", "destroy"] = "deploy"
    """What the update was: `pulumi up`, or `pulumi destroy`, after which there is nothing to go back to."""
    update: str
    """The backend's name of the update (its history key)."""
    succeeded: bool
    started_at: Moment
    finished_at: Moment
    content_digest: str | None
    """What was deployed, as one hash: the thing quarantine speaks of. None when nobody captured it."""
    version_digest: str
    """Hash of the stored version object, so that the chain covers it."""
    bake_seconds: int
    bake_requests: int = 0
    """What the most demanding of its services must have served, besides, before the version counts as healthy."""
    alarms: tuple[str, ...]

    def __post_init__(self) -> None:
        _in_utc(self, "started_at", "finished_at")


class RequestsReached(_Event, frozen=True, tag="requests_reached"):
    """Since a version was put in charge, each of its services served the requests that its bake asks for."""

    version: int
    served: Mapping[str, int]
    """Requests by service."""


class Planned(_Event, frozen=True, tag="planned"):
    """The way back from a version was worked out, while there was no need for it yet."""

    version: int
    target: int | None
    """The version it leads to; None where there is none to go back to."""
    verdict: Reversibility
    reasons: tuple[str, ...] = ()
    """Sentences: what stands in the way, or what isn't brought back."""


class Detection(_Event, frozen=True, tag="detection"):
    """What the alarms of a version can see was worked out, when its bake window had just begun."""

    version: int
    alarms: tuple[AlarmPower, ...]


class EvidenceKept(_Event, frozen=True, tag="evidence"):
    """What a judgement rested on was gathered, and lies in the store."""

    version: int
    about: int
    """Sequence of the entry that tells the judgement."""
    digest: str
    """sha256 of the blob that holds it."""


class AlarmChanged(_Event, frozen=True, tag="alarm"):
    """A watched alarm was seen in a new state."""

    alarm: str
    state: AlarmState
    since: Moment
    """When CloudWatch says the alarm went into this state."""
    explanation: str = ""
    """CloudWatch's own words (StateReason)."""
    because: tuple[str, ...] = ()
    """Of a composite alarm: the alarms that made it ring."""

    def __post_init__(self) -> None:
        _in_utc(self, "since")


class AlarmWorsened(_Event, frozen=True, tag="alarm_worsened"):
    """An alarm that rang before a version's deploy rings for a value that is much worse since: it counts against it."""

    version: int
    alarm: str
    before: float
    """Median of the alarm's values before the deploy."""
    since: float


class AlarmExcused(_Event, frozen=True, tag="alarm_excused"):
    """An alarm that a version's deploy made or changed rings for a value that is no worse than before: it doesn't count
    against it."""

    version: int
    alarm: str
    before: float
    """Median of the alarm's values before the deploy."""
    since: float


class RollbackStarted(_Event, frozen=True, tag="rollback_started"):
    operation: str
    undoes: int
    target: int
    reason: ReasonCode
    alarms: tuple[str, ...] = ()
    options: OperationOptions = DEFAULT_OPTIONS


class TrafficShifted(_Event, frozen=True, tag="traffic_shifted"):
    """A service's consumers were moved before the engine ran."""

    operation: str
    service: str
    before: str
    after: str


class TakenOver(_Event, frozen=True, tag="taken_over"):
    """The process that writes this carries on with an operation whose owner is gone."""

    operation: str
    owner: str
    """Whose it was: `user@host:pid`."""


class RolledBack(_Event, frozen=True, tag="rolled_back"):
    """The engine made the stack agree with `target`. `undoes` is quarantined from here on."""

    operation: str
    undoes: int
    target: int
    update: str


class RollbackVerified(_Event, frozen=True, tag="rollback_verified"):
    """Whether the alarms that led to a rollback cleared after it."""

    operation: str
    helped: bool
    still_ringing: tuple[str, ...] = ()


class RecoveryStarted(_Event, frozen=True, tag="recovery_started"):
    operation: str
    target: int
    reason: ReasonCode
    options: OperationOptions = DEFAULT_OPTIONS


class Recovered(_Event, frozen=True, tag="recovered"):
    """A version was applied again; it is no longer quarantined and bakes anew."""

    operation: str
    target: int
    update: str
    keeping: int | None = None
    """The version whose changes were kept: what is applied is `target` with these, and no version's content exactly.
    None: it is `target` as it was."""


class OperationFailed(_Event, frozen=True, tag="operation_failed"):
    """A rollback or recovery ended without reaching its target; a person, or the next attempt, goes on."""

    operation: str
    error: str


class Held(_Event, frozen=True, tag="held"):
    """It was decided to do nothing where something might have been expected."""

    version: int
    reason: ReasonCode
    explanation: str


class Asked(_Event, frozen=True, kw_only=True, tag="asked"):
    """A rollback or recovery that the rules want, and that a person has the say about."""

    question: str
    kind: Literal["rollback", "recovery"]
    version: int
    """The version it would undo, or bring back."""
    target: int
    because: ReasonCode
    """Why the rules want it."""
    reason: ReasonCode
    """Why it isn't done without a person."""
    alarms: tuple[str, ...] = ()
    explanation: str


class Answered(_Event, frozen=True, tag="answered"):
    """A person's answer; the entry's actor says whose."""

    question: str
    approved: bool
    explanation: str = ""


class FreezeBegan(_Event, frozen=True, tag="frozen"):
    """From here on nothing is done to the stack, or to its consumers, without a person."""

    until: Moment | None = None
    """None: until somebody ends it."""
    explanation: str = ""

    def __post_init__(self) -> None:
        _in_utc(self, "until")


class FreezeEnded(_Event, frozen=True, tag="unfrozen"):
    explanation: str = ""


class Released(_Event, frozen=True, tag="released"):
    """A person lifted a version's quarantine."""

    version: int
    explanation: str = ""


class Pruned(_Event, frozen=True, tag="pruned"):
    """From here on these versions can't be applied again: what was kept of them is being removed."""

    versions: tuple[int, ...]


class LockBroken(_Event, frozen=True, tag="lock_broken"):
    """A lock left by our own killed process was removed."""

    holder: str


Event = (
    Deployed
    | RequestsReached
    | Planned
    | Detection
    | EvidenceKept
    | AlarmChanged
    | AlarmWorsened
    | AlarmExcused
    | RollbackStarted
    | TrafficShifted
    | TakenOver
    | RolledBack
    | RollbackVerified
    | RecoveryStarted
    | Recovered
    | OperationFailed
    | Held
    | Asked
    | Answered
    | FreezeBegan
    | FreezeEnded
    | Released
    | Pruned
    | LockBroken
)


class Entry(Stored, frozen=True):
    """One entry of a stack's journal."""

    sequence: int
    time: Moment
    actor: str
    """Who wrote it: `user@host:pid`."""
    previous: str
    """sha256 (hex) of the bytes of the entry before; empty for the first."""
    event: Event

    def __post_init__(self) -> None:
        _in_utc(self, "time")
