"""What is told of an incident."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rollback_plugin.stack import StackName


class Happened(StrEnum):
    """What a notice is about. Stable tokens: filters of topics are written for them."""

    ROLLBACK_STARTED = "rollback_started"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_HELPED = "rollback_helped"
    ROLLBACK_DID_NOT_HELP = "rollback_did_not_help"
    RECOVERED = "recovered"
    OPERATION_FAILED = "operation_failed"
    REFUSED = "refused"
    """A rollback or recovery that its plan doesn't allow."""
    HELD = "held"
    ASKED = "asked"
    """A person has the say about a rollback or a recovery."""
    APPROVED = "approved"
    DENIED = "denied"
    FROZEN = "frozen"
    UNFROZEN = "unfrozen"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message, the same for every channel. Names, numbers and tokens, and what a person gave as their reason:
    nothing that the engine or AWS said."""

    stack: StackName
    sequence: int
    """Of the journal entry it tells of."""
    happened: Happened
    headline: str
    """One sentence."""
    what_next: str
    """What the reader may do, in a sentence or two."""
    time: datetime
    actor: str
    """Who did it: `user@host:pid`."""
    record: str
    """Where the journal entry is."""
    version: int | None = None
    """The version undone, or concerned."""
    target: int | None = None
    """The version gone back or forward to."""
    reason: str | None = None
    """A `ReasonCode`."""
    alarms: tuple[str, ...] = ()
    why: str = ""
    """What the person who did it gave as the reason."""

    @property
    def id(self) -> str:
        """The same for the same notice, whichever process sends it, and however often."""
        return f"{self.stack}/{self.sequence}"

    def facts(self) -> dict[str, object]:
        """Everything in it, in JSON's own types; what it doesn't have is left out."""
        found = {
            "id": self.id,
            "stack": str(self.stack),
            "happened": self.happened.value,
            "headline": self.headline,
            "version": self.version,
            "target": self.target,
            "reason": self.reason,
            "alarms": list(self.alarms),
            "why": self.why,
            "time": self.time.isoformat(),
            "actor": self.actor,
            "what_next": self.what_next,
            "record": self.record,
        }
        return {name: value for name, value in found.items() if value not in (None, [], "")}
