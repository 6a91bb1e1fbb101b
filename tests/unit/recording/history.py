"""A backend with a history, as the engine writes it, without an engine."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rollback_plugin.backend.history import Backend
from rollback_plugin.journal.entries import Deployed
from rollback_plugin.journal.journal import Journal
from rollback_plugin.recording.capture import Capture, Captures, LinkRecords
from rollback_plugin.recording.record import Recorder
from rollback_plugin.stack import StackName
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.store.prefixed import PrefixedStore
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.links import ProgramLinks, ResourceLinks
from rollback_plugin.versions.version import Source
from tests.unit.versions.examples import ROOT, document, resource

STACK = StackName("shop", "dev")
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class History:
    """A stack whose updates take one minute each, in a folder."""

    def __init__(self, folder: Path) -> None:
        (folder / "backend").mkdir()
        (folder / "store").mkdir()
        self.backend_store = PrefixedStore(FolderStore(folder / "backend"), ".pulumi")
        self.store = FolderStore(folder / "store")
        self.archive = VersionArchive(self.store, STACK)
        self.now = START

    def journal(self) -> Journal:
        return Journal(self.store, STACK, lambda: self.now, "test")

    def recorder(
        self,
        *,
        store: ObjectStore | None = None,
        project_root: Path | None = None,
        only_kept_at: str | None = None,
    ) -> Recorder:
        """A recorder of a process of its own."""
        where = store or self.store
        journal = Journal(where, STACK, lambda: self.now, "test")
        archive = VersionArchive(where, STACK)
        return Recorder(Backend(self.backend_store), archive, journal, where, project_root, only_kept_at)

    def deployed(self) -> list[Deployed]:
        return [entry.event for entry in self.journal().entries() if isinstance(entry.event, Deployed)]

    def capture(self, *, after_seconds: float = 5, digest: str = "d" * 64) -> Capture:
        """What `track()` would leave, that long after the next update's start."""
        capture = Capture(
            id=f"id{after_seconds}",
            started_at=self.now + timedelta(seconds=after_seconds),
            content_digest=digest,
            source=Source(commit="abc"),
        )
        Captures(self.store, STACK).write(capture)
        return capture

    def links(self, *, outputs: str, after_seconds: float = 5) -> ProgramLinks:
        """What `track()` would leave at the end of a program that began that long after the next update's start."""
        links = ProgramLinks(resources={ROOT: ResourceLinks(outputs={outputs: ()})})
        started_at = self.now + timedelta(seconds=after_seconds)
        LinkRecords(self.store, STACK).write(started_at, f"id{after_seconds}", links)
        return links

    def update(
        self,
        *resources: dict[str, Any],
        kind: str = "update",
        result: str = "succeeded",
        message: str = "",
        config: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        checkpoint: bytes | None = None,
        outputs: Mapping[str, Any] | None = None,
        changes: Mapping[str, int] | None = None,
    ) -> str:
        """One update that ends with these resources (and the root stack with `outputs`); returns its name."""
        started, ended = self.now, self.now + timedelta(seconds=60)
        self.now = ended + timedelta(seconds=60)
        name = f"dev-{int(ended.timestamp() * 10**9):019d}"
        history = {
            "kind": kind,
            "startTime": int(started.timestamp()),
            "endTime": int(ended.timestamp()),
            "message": message,
            "environment": environment or {},
            "config": config or {},
            "result": result,
            "resourceChanges": changes or {},
            "version": 0,
        }
        root = resource("shop-dev", "pulumi:pulumi:Stack", custom=False, modified=str(ended), outputs=outputs or {})
        state = document(root, *resources)
        folder = f"history/{STACK.project}/{STACK.stack}/{name}"
        self.backend_store.write(f"{folder}.history.json", json.dumps(history).encode())
        self.backend_store.write(f"{folder}.checkpoint.json", checkpoint or json.dumps(state).encode())
        return name

    def leave_in_the_middle(self, *resources: dict[str, Any], pending: Sequence[dict[str, Any]], held: bool) -> None:
        """The stack's state a minute later, as an engine leaves it that is killed: it held a lock, if nobody removed
        that."""
        self.now += timedelta(seconds=60)
        root = resource("shop-dev", "pulumi:pulumi:Stack", custom=False)
        manifest = {"time": self.now.isoformat(), "magic": "m", "version": "v3.259.0"}
        state = document(root, *resources, manifest=manifest, pending_operations=list(pending))
        self.backend_store.write(f"stacks/{STACK.project}/{STACK.stack}.json", json.dumps(state).encode())
        lock = {"pid": 1, "username": "ci", "hostname": "runner", "timestamp": self.now.isoformat()}
        key = f"locks/{STACK.fully_qualified}/1.json"
        if held:
            self.backend_store.write(key, json.dumps(lock).encode())
        else:
            self.backend_store.delete(key)
