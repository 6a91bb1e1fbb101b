"""Says of a deploy that hasn't happened whether it could be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rollback_plugin.backend.history import Backend, open_backend
from rollback_plugin.backend.project import Project
from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.ports import VersionRecorder
from rollback_plugin.journal.journal import Journal
from rollback_plugin.recording.record import Recorder
from rollback_plugin.replay.data_types import holds_data_as_configured
from rollback_plugin.replay.deploy_preview import read_preview
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.undoing import Undoing, undoing_of
from rollback_plugin.stack import StackName
from rollback_plugin.store import open_store
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint


@dataclass(frozen=True)
class DeployGate:
    """Judges deploys of one stack by their previews."""

    stack: StackName
    project_root: Path
    engine: Engine
    backend: Backend
    archive: VersionArchive
    recorder: VersionRecorder

    def judge_project(self) -> Undoing:
        """Judge what deploying the project as it is now would do.

        Raises `EngineFailed` where the program can't be previewed, and what `judge` raises.
        """
        return self.judge(self.engine.preview_project(self.project_root), f"The preview of {self.stack}")

    def judge(self, preview: bytes, source: str) -> Undoing:
        """Judge a preview that somebody made. What is deployed by now is recorded first, so that it counts as known.

        Raises `InvalidConfiguration`, naming `source`, for what is no preview, or one of another stack; `EngineFailed`
        for one that broke off; the errors of store and backend.
        """
        parsed = read_preview(preview, source)
        self.recorder.record()
        state = self.backend.current(self.stack)
        updates = self.backend.updates(self.stack)
        return undoing_of(
            parsed,
            source,
            self.stack,
            Checkpoint.parse(state, source=f"the backend's state of {self.stack}"),
            self.archive.blobs.has,
            holds_data_as_configured(updates[-1].config if updates else {}),
        )


def deploy_gate_of(project: Project, environ: Mapping[str, str], clock: Callable[[], datetime]) -> DeployGate:
    """What judges deploys of the project's selected stack. Raises the errors of opening its store and its backend."""
    store = open_store(project.store_url, environ)
    backend = open_backend(project.backend_url, environ)
    archive = VersionArchive(store, project.stack)
    journal = Journal(store, project.stack, clock, str(Actor.of_this_process()))
    recorder = Recorder(backend, archive, journal, store, project.root)
    return DeployGate(project.stack, project.root, Engine(project, environ), backend, archive, recorder)
