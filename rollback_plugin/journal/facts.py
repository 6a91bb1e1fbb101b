"""What the entries of a journal say, taken one after the other; not judged here, and the same whenever it is read.

Which version is *in charge* matters most: the one put in place last by a deploy or a recovery, and not rolled back
since. Only its time in charge (its *tenure*) can speak for or against a version. A version that a rollback went back to
is applied, but not in charge: what happens then says whether the rollback helped.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from rollback_plugin.journal.entries import AlarmChanged, Deployed, Held
from rollback_plugin.journal.operations import Operations
from rollback_plugin.journal.options import Keeping
from rollback_plugin.journal.paged import Paged
from rollback_plugin.journal.status import Freeze, Operation, OperationFailure, Question
from rollback_plugin.journal.tenure import VersionFacts


class Facts(Struct, frozen=True):
    """Everything that later entries, or a status, rest on."""

    entries_seen: int = 0
    versions: Paged[int, VersionFacts] = field(default_factory=Paged)
    operations: Operations = field(default_factory=Paged)
    """Every rollback and recovery there was."""
    updates: Paged[str, int] = field(default_factory=Paged)
    """By the backend's name of an update, the version that it made."""
    newest_update_at: datetime | None = None
    """When the newest of them ended."""
    named_first: Mapping[str, int] = field(default_factory=dict)
    """By alarm, the lowest version that named it."""
    applied: int | None = None
    recovered: bool = False
    keeping: Keeping | None = None
    """What the recovery of the version applied kept of other versions."""
    in_charge: int | None = None
    reapplied_at: datetime | None = None
    """When an operation of ours last changed what is applied."""
    operation: Operation | None = None
    verifying: Operation | None = None
    unhelpful: Operation | None = None
    last_failure: OperationFailure | None = None
    alarms: Mapping[str, AlarmChanged] = field(default_factory=dict)
    rang: Paged[tuple[datetime, int], AlarmChanged] = field(default_factory=Paged)
    """Every time an alarm was seen to have gone to ALARM, by when it did and the sequence of the entry."""
    held: Held | None = None
    question: Question | None = None
    freeze: Freeze | None = None
    automatic_rollbacks: tuple[datetime, ...] = ()

    def deployed(self, version: int) -> Deployed | None:
        """How a version was journaled; None where it wasn't."""
        known = self.versions.get(version)
        return None if known is None else known.deployed

    def with_version(self, version: VersionFacts) -> "Facts":
        """With this known of a version."""
        return replace(self, versions=self.versions.having(version.deployed.version, version))

    def with_tenure_ended(self, time: datetime, successor: int) -> "Facts":
        """Without anybody in charge from then on."""
        if self.in_charge is None:
            return self
        version = self.versions[self.in_charge]
        ended = replace(version.tenure, end=max(time, version.tenure.start), successor=successor)
        return replace(self.with_version(replace(version, tenure=ended)), in_charge=None)
