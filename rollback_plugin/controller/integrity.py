"""Whether versions are still what was journaled, and all they are made of is still what was kept."""

from dataclasses import dataclass

from rollback_plugin.errors import DamagedSnapshot, UnknownVersion
from rollback_plugin.journal.entries import Deployed, Pruned
from rollback_plugin.journal.journal import Journal
from rollback_plugin.versions.archive import VersionArchive


def require_as_journaled(archive: VersionArchive, journal: Journal, version: int) -> None:
    """Raise `DamagedSnapshot` where the version's object isn't the one whose hash the journal has.

    The archive alone can tell a damaged object, but not one that was put in the place of another with all it leads to.
    """
    deployed = journal.facts().deployed(version)
    if deployed is not None:
        archive.read(version, deployed.version_digest)


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
    compacted: tuple[str, ...] = ()
    """What compacted journals have that the entries don't say, as sentences."""


def integrity_of(journal: Journal, archive: VersionArchive) -> Integrity:
    """Read and hash the whole journal, and all that its versions lead to. Raises `BrokenChain` and errors of the
    store."""
    entries, compacted = journal.checked()
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
    gone = len(journaled) - len(deployed)
    return Integrity(len(entries), len(deployed), gone, len(verdicts), tuple(problems), compacted)


def _damage(archive: VersionArchive, blob: str) -> str | None:
    try:
        archive.blobs.read(blob)
    except DamagedSnapshot as error:
        return str(error)
    return None
