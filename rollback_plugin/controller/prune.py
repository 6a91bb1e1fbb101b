"""Removes versions that nothing can need any more, and the bytes that only they needed.

In this order, so that a process that dies anywhere loses nothing, and the next prune finishes:

1. The entry: from here on nothing goes back to these versions. It is written for the very entries that the choice was
   made on, so a rollback that begins at this moment either is seen by it or sees it.
2. Their bytes go to the trash (`versions.trash`), but for what any other version of any stack of the store needs.
3. Their plans, and what `track()` had noted for the recorder.
4. Their objects: as long as one is there, a prune begins again at 2.
5. What is in the trash and needed after all, by a version written meanwhile, is brought back. What has been there for
   long enough is deleted.

Two prunes at once are harmless: each moves bytes only by writing them to the trash first, and deletes from the trash
only what had been there for a week.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import stamina

from rollback_plugin.backend.project import Project
from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.retention import KeptBecause, Retention, kept_versions
from rollback_plugin.errors import DamagedSnapshot, UnknownVersion, WriteConflict
from rollback_plugin.journal.entries import EvidenceKept, Pruned
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.stacks import stacks_in
from rollback_plugin.journal.status import Status
from rollback_plugin.recording.capture import Captures, LinkRecords
from rollback_plugin.replay.known_plans import KnownPlans
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore, open_store
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.trash import KEPT_FOR, Discarded, Trash

ATTEMPTS = 8
"""How often the entry is tried when others write at the same time."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a prune would do."""

    versions: tuple[int, ...]
    """To be pruned."""
    begun: tuple[int, ...]
    """Pruned before, by a process that didn't get to the end."""
    kept: Mapping[int, tuple[KeptBecause, ...]]
    """Why each of the others stays."""
    objects: int
    """That would go to the trash or be deleted: of versions, and bytes that only they need."""
    size_bytes: int
    """Of these objects."""
    discarded: int
    """Objects that are in the trash."""
    due: int
    """Those of them that have been there for long enough to be deleted."""

    @property
    def nothing_to_do(self) -> bool:
        """Whether a prune would change nothing."""
        return not (self.versions or self.begun or self.due)


@dataclass
class Pruner:
    """Prunes one stack."""

    stack: StackName
    store: ObjectStore
    journal: Journal
    plans: KnownPlans
    clock: Callable[[], datetime]
    _needs: dict[tuple[StackName, int], frozenset[str]] = field(default_factory=dict)
    """Blobs by version. Versions never change."""

    def survey(self, retention: Retention) -> Survey:
        """What `prune` would do. Changes nothing.

        Raises `DamagedSnapshot` where it can't be told what some version of the store needs, and the errors of journal
        and store.
        """
        status = self._status()
        kept = kept_versions(self.stack, status, retention, self.clock())
        pruned = _pruned(status)
        going = tuple(known.number for known in status.versions if known.number not in {*kept, *pruned})
        begun = tuple(number for number in self._archive.numbers() if number in pruned)
        objects = [*self._only_needed_by({*going, *begun})]
        sizes = [self._archive.blobs.size(digest) for digest in objects]
        sizes += [self._archive.size(number) for number in (*going, *begun)]
        discarded = list(Trash(self.store).everything())
        due = [found for found in discarded if self._is_due(found, self.clock())]
        present = [size for size in sizes if size]
        return Survey(going, begun, kept, len(present), sum(present), len(discarded), len(due))

    def prune(self, survey: Survey, retention: Retention) -> tuple[int, ...]:
        """Remove what the survey named, unless it is needed by now; return the versions newly pruned.

        Raises as `survey` does, and `WriteConflict` where others wrote to the journal all the time.
        """
        going = self._journaled(survey, retention)
        self._finish()
        self._empty_trash()
        return going

    def _journaled(self, survey: Survey, retention: Retention) -> tuple[int, ...]:
        for attempt in stamina.retry_context(on=WriteConflict, attempts=ATTEMPTS, wait_initial=0.05):
            with attempt:
                status = self._status()
                stays = {*kept_versions(self.stack, status, retention, self.clock()), *_pruned(status)}
                going = tuple(number for number in survey.versions if number not in stays)
                if going:
                    self.journal.append(Pruned(versions=going), after=status.entries_seen)
        return going

    def _finish(self) -> None:
        """Remove what is left of every version that the journal calls pruned."""
        status = self._status()
        pruned = _pruned(status)
        left = [number for number in self._archive.numbers() if number in pruned]
        if not left:
            return
        for digest in sorted(self._only_needed_by(left)):
            self._archive.blobs.discard(digest, self.clock())
        self.plans.forget(left)
        # Whoever records looks for what began after the newest recorded update had ended.
        ended_at = max(status.version(number).deployed_at for number in left)
        Captures(self.store, self.stack).forget(ended_at)
        LinkRecords(self.store, self.stack).forget(ended_at)
        for number in left:
            self._archive.remove(number)

    def _empty_trash(self) -> None:
        now = self.clock()
        trash = Trash(self.store)
        discarded = list(trash.everything())
        if not discarded:
            return
        needed = self._needed_besides(())
        for found in discarded:
            if found.digest in needed and not self._archive.blobs.claim(found.digest):
                continue
            if self._is_due(found, now):
                trash.delete(found)

    def _only_needed_by(self, versions: Collection[int]) -> set[str]:
        """Blobs that these versions of the stack need, and no other version of any stack."""
        if not versions:
            return set()
        own = set().union(*(self._needed_by(self.stack, number) for number in versions))
        evidence = {
            entry.event.digest
            for entry in self.journal.entries()
            if isinstance(entry.event, EvidenceKept) and entry.event.version in versions
        }
        return (own | evidence) - self._needed_besides(versions)

    def _needed_besides(self, versions: Collection[int]) -> set[str]:
        """What every version of every stack needs, but for these of this stack."""
        return {
            blob
            for stack in stacks_in(self.store)
            for number in VersionArchive(self.store, stack).numbers()
            if stack != self.stack or number not in versions
            for blob in self._needed_by(stack, number)
        }

    def _needed_by(self, stack: StackName, number: int) -> frozenset[str]:
        key = (stack, number)
        if key not in self._needs:
            try:
                self._needs[key] = VersionArchive(self.store, stack).needed_blobs(number)
            except UnknownVersion:
                # Another prune has removed it since it was listed.
                return frozenset()
            except DamagedSnapshot as error:
                raise DamagedSnapshot(f"What may be removed can't be told, so no bytes are. {error}") from None
        return self._needs[key]

    def _is_due(self, found: Discarded, now: datetime) -> bool:
        return found.since <= now - KEPT_FOR

    def _status(self) -> Status:
        return self.journal.status(self.clock())

    @property
    def _archive(self) -> VersionArchive:
        return VersionArchive(self.store, self.stack)


def pruner_of(project: Project, environ: Mapping[str, str], clock: Callable[[], datetime]) -> Pruner:
    """What prunes the project's selected stack. Raises the errors of opening its store."""
    store = open_store(project.store_url, environ)
    journal = Journal(store, project.stack, clock, str(Actor.of_this_process()))
    return Pruner(project.stack, store, journal, KnownPlans(store, project.stack, environ), clock)


def _pruned(status: Status) -> set[int]:
    return {version.number for version in status.versions if version.pruned is not None}
