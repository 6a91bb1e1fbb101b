"""Whether versions are still what was journaled, and all they are made of is still what was kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from rollback_plugin.errors import DamagedSnapshot, UnknownVersion
from rollback_plugin.journal.entries import Deployed, Entry, Pruned
from rollback_plugin.versions.archive import VersionArchive


def require_as_journaled(archive: VersionArchive, entries: Sequence[Entry], version: int) -> None:
    """Raise `DamagedSnapshot` where the version's object isn't the one whose hash the journal has.

    The archive alone can tell a damaged object, but not one that was put in the place of another with all it leads to.
    """
    for entry in entries:
        if isinstance(entry.event, Deployed) and entry.event.version == version:
            archive.read(version, entry.event.version_digest)
            return


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a version can't be re-applied any more, or not from its source."""

    version: int
    found: str


@dataclass(frozen=True, slots=True)
class Integrity:
    """What was looked at, and what was found."""

    entries: int
    """Of the journal, whose chain of hashes holds."""
    versions: int
    pruned: int
    """Versions that are not looked at, because somebody removed them on purpose."""
    blobs: int
    """Objects whose bytes were read and hashed: assets, notes of where values came from, bundles of sources."""
    problems: tuple[Problem, ...]


def integrity_of(entries: Sequence[Entry], archive: VersionArchive) -> Integrity:
    """Read and hash all that the journaled versions lead to. Raises only errors of the store."""
    pruned = {number for entry in entries if isinstance(entry.event, Pruned) for number in entry.event.versions}
    journaled = [entry.event for entry in entries if isinstance(entry.event, Deployed)]
    deployed = [event for event in journaled if event.version not in pruned]
    problems: list[Problem] = []
    verdicts: dict[str, str | None] = {}
    for event in deployed:
        try:
            version = archive.read(event.version, event.version_digest)
            archive.checkpoint(event.version)
        except (DamagedSnapshot, UnknownVersion) as error:
            problems.append(Problem(event.version, str(error)))
            continue
        for blob in version.blobs:
            if blob not in verdicts:
                verdicts[blob] = _damage(archive, blob)
            found = verdicts[blob]
            if found is not None:
                problems.append(Problem(event.version, found))
    return Integrity(len(entries), len(deployed), len(journaled) - len(deployed), len(verdicts), tuple(problems))


def _damage(archive: VersionArchive, blob: str) -> str | None:
    try:
        archive.blobs.read(blob)
    except DamagedSnapshot as error:
        return str(error)
    return None
