"""What the journal says of one version: how it came and went, and what was said of it."""

from datetime import datetime

from msgspec import Struct

from rollback_plugin.journal.entries import Deployed, Detection, EvidenceKept, Planned, Released, RolledBack
from rollback_plugin.journal.status import Pruning, Undone


class Tenure(Struct, frozen=True):
    """A version's latest time in charge. `successor` is the version that was put in its place."""

    start: datetime
    bake_ends_at: datetime
    end: datetime | None = None
    successor: int | None = None
    awaits_requests: bool = False
    """Whether the bake window stays open until enough requests were served."""

    @property
    def baked(self) -> bool:
        """Whether it wasn't cut short."""
        return self.end is None or (not self.awaits_requests and self.end >= self.bake_ends_at)

    def covers(self, moment: datetime) -> bool:
        """Whether something that happened then counts against the version: after it came, inside its bake window, and
        while it was in charge."""
        in_window = self.start < moment and (self.awaits_requests or moment <= self.bake_ends_at)
        return in_window and (self.end is None or moment <= self.end)


class VersionFacts(Struct, frozen=True):
    deployed: Deployed
    tenure: Tenure
    told_at: int
    """Sequence of the entry that told of its deploy."""
    quarantine: RolledBack | None = None
    released: Released | None = None
    exonerated: frozenset[str] = frozenset()
    worsened: frozenset[str] = frozenset()
    undone: Undone | None = None
    way_back: Planned | None = None
    detection: Detection | None = None
    evidence: EvidenceKept | None = None
    pruned: Pruning | None = None
