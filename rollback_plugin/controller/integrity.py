"""Whether a version is still the one that was journaled."""

from collections.abc import Sequence

from rollback_plugin.journal.entries import Deployed, Entry
from rollback_plugin.versions.archive import VersionArchive


def require_as_journaled(archive: VersionArchive, entries: Sequence[Entry], version: int) -> None:
    """Raise `DamagedSnapshot` where the version's object isn't the one whose hash the journal has.

    The archive alone can tell a damaged object, but not one that was put in the place of another with all it leads to.
    """
    for entry in entries:
        if isinstance(entry.event, Deployed) and entry.event.version == version:
            archive.read(version, entry.event.version_digest)
            return
