"""Seals what the backend's history has and the journal hasn't: each deploy becomes a version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from rollback_plugin.backend.history import Backend
from rollback_plugin.backend.project import STORE_CONFIG_KEY
from rollback_plugin.backend.updates import Update
from rollback_plugin.errors import DamagedSnapshot, InvalidConfiguration, WriteConflict
from rollback_plugin.journal.entries import Deployed
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.journal import Journal
from rollback_plugin.recording.asset_recording import record_assets
from rollback_plugin.recording.capture import Capture, Captures, LinkRecords
from rollback_plugin.recording.comparable import has_nothing, lasting_state
from rollback_plugin.recording.interrupted import InterruptedUpdates
from rollback_plugin.recording.judgement import judgement
from rollback_plugin.recording.plugins import plugin_versions
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.store.shown import shown
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.service import Service
from rollback_plugin.versions.version import ConfigValue, Source, Version

# What changes the state without running the program (refresh, import, rename …) belongs to the version that is there.
VERSION_KINDS: Mapping[str, Literal["deploy", "destroy"]] = {"update": "deploy", "destroy": "destroy"}
# The engine's words for steps that change nothing in the cloud (pkg/resource/deploy/step.go).
UNCHANGING_OPERATIONS = frozenset({"same", "read", "read-discard", "refresh"})
EARLIEST = datetime.min.replace(tzinfo=UTC)
ATTEMPTS = 16
"""How often an entry is tried when others write at the same time; each lost attempt means theirs was written."""


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What `Recorder.record` did."""

    sealed: tuple[int, ...] = ()
    """Numbers of the versions made."""
    skipped: tuple[str, ...] = ()
    """Backend names of updates that make no version: failed without changing the state, or not readable."""
    warnings: tuple[str, ...] = ()
    """What stands in the way of a later rollback, as sentences for people."""


@dataclass(frozen=True, slots=True)
class _Draft:
    version: Version
    checkpoint: Checkpoint
    warnings: tuple[str, ...]


class Recorder:
    """Makes versions of one stack."""

    def __init__(
        self,
        backend: Backend,
        archive: VersionArchive,
        journal: Journal,
        store: ObjectStore,
        project_root: Path | None,
        only_kept_at: str | None = None,
    ) -> None:
        """project_root: the project's folder on this machine, to take assets from whose hashes match; None: there is
        none. only_kept_at: URL of the store, for a process that has no project to tell it which one a stack wants; a
        stack whose config names another is left alone. None: the project did tell."""
        self._backend = backend
        self._archive = archive
        self._journal = journal
        self._captures = Captures(store, archive.stack)
        self._links = LinkRecords(store, archive.stack)
        self._project_root = project_root
        self._only_kept_at = only_kept_at
        self._interrupted = InterruptedUpdates(backend, archive.stack)

    def record(self) -> RecordResult:
        """Seal every deploy that ended since the newest journaled one, oldest first.

        Ours (rollbacks and recoveries) are the journal's already. An update that failed and left the state as it was
        makes no version: there is nothing to go back to or from. One that was killed makes a failed version once nobody
        holds the stack any more. Running it again, or twice at once, adds nothing;
        after a crash it goes on, because a version's object is written before its entry and is found again.
        Raises `InvalidConfiguration` where the stack is to be left alone, `StoreError`s, `JournalError`s,
        `EngineError`s.
        """
        sealed: list[int] = []
        skipped: list[str] = []
        warnings: list[str] = []
        updates = self._backend.updates(self._archive.stack)
        if updates:
            self._require_kept_here(updates[-1])
        journaled = self._journal.facts()
        for index, update in enumerate(updates):
            if update.kind not in VERSION_KINDS or update.operation is not None or not _is_new(update, journaled):
                continue
            before = updates[index - 1] if index else None
            try:
                checkpoint = self._checkpoint(update)
            except DamagedSnapshot as error:
                skipped.append(update.name)
                warnings.append(str(error))
                continue
            if not update.succeeded and _counted_no_change(update) and self._same_state(before, checkpoint):
                skipped.append(update.name)
                continue
            number, said = self._seal(update, before, checkpoint)
            if number is not None:
                sealed.append(number)
                warnings.extend(said)
        number, said = self._seal_interrupted(updates[-1] if updates else None)
        if number is not None:
            sealed.append(number)
        warnings.extend(said)
        return RecordResult(tuple(sealed), tuple(skipped), tuple(warnings))

    def _require_kept_here(self, newest: Update) -> None:
        """A second journal for a stack would be a second one to decide for it."""
        wanted = newest.config.get(STORE_CONFIG_KEY)
        if self._only_kept_at is None or wanted is None or wanted.value == self._only_kept_at:
            return
        raise InvalidConfiguration(
            f"{self._archive.stack} keeps its versions in a store of its own (its config {STORE_CONFIG_KEY}), and this"
            f" process works with {shown(self._only_kept_at)}. Nothing is done for it here: run `rollback watch` in its"
            " project, or a `rollback worker --store` with that URL."
        )

    def _seal_interrupted(self, newest: Update | None) -> tuple[int | None, tuple[str, ...]]:
        try:
            found = self._interrupted.find(newest, self._journal.facts())
        except DamagedSnapshot as error:
            return None, (str(error),)
        if found is None or not _is_new(found[0], self._journal.facts()):
            return None, ()
        update, checkpoint = found
        capture = self._captures.newest(ended_at(newest) if newest else EARLIEST, update.finished_at)
        began = update if capture is None else replace(update, started_at=capture.started_at)
        return self._seal(began, newest, checkpoint)

    def _seal(
        self, update: Update, before: Update | None, checkpoint: Checkpoint
    ) -> tuple[int | None, tuple[str, ...]]:
        """Write the version, then its entry. The number is None where somebody else journaled the update meanwhile."""
        for attempt in range(1, ATTEMPTS + 1):
            facts = self._journal.facts()
            if update.name in facts.updates:
                return None, ()
            number = (facts.versions.last or 0) + 1
            draft = self._draft(number, update, before, checkpoint)
            digest = self._archive.write(draft.version, checkpoint)
            # What another recorder kept first is what counts.
            version = self._archive.read(number, digest)
            try:
                self._journal.append(_entry(version, digest), after=facts.entries_seen)
            except WriteConflict:
                if attempt == ATTEMPTS:
                    raise
                continue
            return number, draft.warnings
        raise AssertionError("the last attempt returns or raises")

    def _checkpoint(self, update: Update) -> Checkpoint:
        source = f"update {update.name} of {self._archive.stack}"
        return Checkpoint.parse(self._backend.checkpoint(self._archive.stack, update), source=source)

    def _same_state(self, before: Update | None, after: Checkpoint) -> bool:
        if before is None:
            return has_nothing(after)
        try:
            return lasting_state(after) == lasting_state(self._checkpoint(before)) and not after.pending_operations
        except DamagedSnapshot:
            return False

    def _draft(self, number: int, update: Update, before: Update | None, checkpoint: Checkpoint) -> _Draft:
        config = {
            key: ConfigValue(value=found.value, secret=found.secret, object=found.object)
            for key, found in update.config.items()
        }
        services, service_warnings = _services(checkpoint)
        judged = judgement(services, config)
        began, ended = _of_its_program(update, before)
        capture = self._captures.newest(began, ended)
        links = self._links.newest(began, ended)
        source, source_warnings = self._source(number, capture, update)
        assets = record_assets(number, checkpoint, self._archive.blobs, self._project_root)
        version = Version(
            number=number,
            stack=self._archive.stack,
            kind=VERSION_KINDS[update.kind],
            update=update.name,
            started_at=update.started_at,
            finished_at=update.finished_at,
            succeeded=update.succeeded,
            message=update.message,
            checkpoint_digest=checkpoint.digest,
            config=config,
            source=source,
            content_digest=capture.content_digest if capture else None,
            assets=assets.kept,
            missing_assets=assets.missing,
            links=self._archive.blobs.keep(links) if links else None,
            plugins=plugin_versions(checkpoint),
            engine=str(checkpoint.deployment.get("manifest", {}).get("version", "")),
            services=services,
            bake_seconds=judged.bake_seconds,
            alarms=judged.alarms,
        )
        return _Draft(version, checkpoint, (*service_warnings, *judged.warnings, *source_warnings, *assets.warnings))

    def _source(self, number: int, capture: Capture | None, update: Update) -> tuple[Source | None, tuple[str, ...]]:
        """Where the program came from, and what is to be said of it."""
        if capture is None:
            return source_from_history(update.environment), ()
        bundle = capture.source.bundle
        if bundle is None or self._archive.blobs.claim(bundle):
            return capture.source, ()
        return replace(capture.source, bundle=None), (
            f"Version {number} can't be re-applied from its source: the files of its program are not in the store any"
            " more. A deploy that isn't recorded within a week may find them pruned; run `rollback record` right after"
            " `pulumi up`, or `rollback watch`.",
        )


def _of_its_program(update: Update, before: Update | None) -> tuple[datetime, datetime]:
    """When this update's program began: one update runs at a time, so what it left is the last that began after the
    update before had ended, and before this one did."""
    began = update.started_at - timedelta(seconds=1)
    if before is not None:
        began = max(began, ended_at(before))
    return began, ended_at(update)


def _is_new(update: Update, journaled: Facts) -> bool:
    """Not journaled, nor passed over before a later one was: versions are numbered in the order of the updates."""
    newest = journaled.newest_update_at
    return newest is None or (newest <= update.finished_at and update.name not in journaled.updates)


def ended_at(update: Update) -> datetime:
    """When the update's history was written. A DIY backend has that to the nanosecond in the name (`<stack>-<ns>`,
    pkg/backend/diy/state.go), while the times inside the history are whole seconds."""
    name = re.search(r"-(\d{19})$", update.name)
    if name is None:
        return update.finished_at + timedelta(seconds=1)
    nanoseconds = int(name[1])
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC) + timedelta(microseconds=nanoseconds % 10**9 // 1000)


def source_from_history(environment: Mapping[str, str]) -> Source | None:
    """What the engine itself noted of the program's git repository (pkg/backend/updates.go); None if there was none,
    or for an inline program of the Automation API, of which nobody knows where it is in there."""
    if not environment.get("git.head") or environment.get("exec.kind") == "auto.inline":
        return None
    return Source(
        commit=environment["git.head"],
        branch=environment.get("git.headName", "").removeprefix("refs/heads/") or None,
        folder=environment.get("vcs.root") or ".",
        dirty=environment.get("git.dirty") == "true",
    )


def _entry(version: Version, digest: str) -> Deployed:
    return Deployed(
        version=version.number,
        kind=version.kind,
        update=version.update,
        succeeded=version.succeeded,
        started_at=version.started_at,
        finished_at=version.finished_at,
        content_digest=version.content_digest,
        version_digest=digest,
        bake_seconds=version.bake_seconds,
        bake_requests=max((service.policy.bake_requests for service in version.services), default=0),
        alarms=version.alarms,
    )


def _services(checkpoint: Checkpoint) -> tuple[tuple[Service, ...], tuple[str, ...]]:
    """The services; where they can't be read, none and why. The deploy happened, so its version is made all the
    same."""
    try:
        return checkpoint.services(), ()
    except DamagedSnapshot as error:
        return (), (str(error),)


def _counted_no_change(update: Update) -> bool:
    """Whether the engine itself changed no resource, a secret property's value included."""
    return all(count == 0 or operation in UNCHANGING_OPERATIONS for operation, count in update.resource_changes.items())
