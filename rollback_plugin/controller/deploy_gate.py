"""Says of a deploy that hasn't happened whether it could be undone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rollback_plugin.backend.history import Backend
from rollback_plugin.controller.ports import VersionRecorder
from rollback_plugin.replay.data_types import holds_data_as_configured
from rollback_plugin.replay.deploy_preview import read_preview
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.undoing import Undoing, undoing_of
from rollback_plugin.stack import StackName
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
