"""What differs between two recorded versions of a stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.backend.project import Project
from rollback_plugin.controller.records import records_of
from rollback_plugin.errors import UnknownVersion
from rollback_plugin.journal.status import Status
from rollback_plugin.replay.state_copies import StateCopies
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.changes import VersionChanges, changes


@dataclass(frozen=True)
class Comparison:
    """Compares versions of one stack."""

    archive: VersionArchive
    copies: StateCopies
    status: Callable[[], Status]

    def between(self, before: int, after: int) -> VersionChanges:
        """What version `after` changed against version `before`.

        Secrets are compared in plain text, in memory only: their ciphertext is another after each update. Raises
        `UnknownVersion`, `VersionPruned`, `DamagedSnapshot`, `WrongPassphrase`, `EngineFailed`.
        """
        try:
            versions = [self.archive.read(number) for number in (before, after)]
        except UnknownVersion:
            # The journal knows what became of it.
            for number in (before, after):
                self.status().kept_version(number)
            raise
        states = self.copies.decrypt(self.archive.checkpoint(before), self.archive.checkpoint(after))
        older, newer = zip(versions, states, strict=True)
        return changes(older, newer)


def comparison_of(project: Project, environ: Mapping[str, str], clock: Callable[[], datetime]) -> Comparison:
    """What compares versions of the project's selected stack. Raises the errors of opening its store."""
    records = records_of(project, environ, clock)
    return Comparison(records.archive, StateCopies(project.stack, environ), records.status)
