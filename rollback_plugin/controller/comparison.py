"""What differs between two recorded versions of a stack."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rollback_plugin.replay.engine import Engine
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.changes import VersionChanges, changes


@dataclass(frozen=True)
class Comparison:
    """Compares versions of one stack."""

    archive: VersionArchive
    engine: Engine

    def between(self, before: int, after: int) -> VersionChanges:
        """What version `after` changed against version `before`.

        Secrets are compared in plain text, in memory only: their ciphertext is another after each update. Raises
        `UnknownVersion`, `DamagedSnapshot`, `WrongPassphrase`, `EngineFailed`.
        """
        versions = [self.archive.read(number) for number in (before, after)]
        with ThreadPoolExecutor(2) as each:
            states = each.map(self.engine.decrypt, [self.archive.checkpoint(number) for number in (before, after)])
        older, newer = zip(versions, states, strict=True)
        return changes(older, newer)
