"""What is kept of one stack, for those who only read it: loads nothing that the engine or AWS would need."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from rollback_plugin.backend.project import Project
from rollback_plugin.journal.history import HistoryRow, history_of
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Status
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore, open_store

if TYPE_CHECKING:
    from rollback_plugin.versions.archive import VersionArchive

READER = "a reader, who writes nothing"


class StackRecords(Struct, frozen=True):
    """A stack's journal and versions."""

    stack: StackName
    store: ObjectStore
    journal: Journal
    clock: Callable[[], datetime]

    @property
    def archive(self) -> "VersionArchive":
        # Imported late: most of what is read is in the journal.
        from rollback_plugin.versions.archive import VersionArchive

        return VersionArchive(self.store, self.stack)

    def status(self) -> Status:
        """The stack as its journal tells it, now."""
        return self.journal.status(self.clock())

    def history(self) -> tuple[HistoryRow, ...]:
        """Deploys, rollbacks and recoveries, oldest first."""
        return history_of(self.journal.facts(), self.clock())


def records_of(project: Project, environ: Mapping[str, str], clock: Callable[[], datetime]) -> StackRecords:
    """The records of the project's selected stack. Raises the errors of opening its store."""
    store = open_store(project.store_url, environ)
    return StackRecords(project.stack, store, Journal(store, project.stack, clock, READER), clock)
