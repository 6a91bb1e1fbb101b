"""A Python project on a real engine, without a cloud: its resources are components, whose inputs the engine keeps."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rollback_plugin.backend.history import open_backend
from rollback_plugin.backend.project import open_project
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Status
from rollback_plugin.recording.record import Recorder, RecordResult
from rollback_plugin.store import ObjectStore, open_store
from rollback_plugin.versions.archive import VersionArchive

STACK = "dev"
COMPONENT = """
import pulumi
from rollback_plugin import track

class Thing(pulumi.ComponentResource):
    def __init__(self, name, **inputs):
        super().__init__("test:index:Thing", name, inputs)

"""
TRACKED = COMPONENT + "track()\n"


@dataclass(frozen=True, slots=True)
class Ended:
    stdout: str
    said: str
    """Everything, errors too."""


class TrackedProject:
    """One project with one stack; whatever is read of it is read anew, as another process would."""

    def __init__(self, folder: Path, backend_url: str, environment: Mapping[str, str]) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(folder),
            "PULUMI_HOME": str(folder / "pulumi-home"),
            "PULUMI_BACKEND_URL": backend_url,
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **environment,
        }
        self.write("Pulumi.yaml", f"name: shop\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n")
        self.pulumi("stack", "init", STACK)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def pulumi(self, *arguments: str, succeeds: bool = True) -> Ended:
        done = subprocess.run(
            ["pulumi", *arguments, "--color", "never", "--non-interactive"],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
        return Ended(done.stdout, done.stdout + done.stderr)

    def up(self, program: str, *, succeeds: bool = True) -> Ended:
        self.write("__main__.py", program)
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", STACK, succeeds=succeeds)

    def record(self, *, in_folder: bool = False) -> RecordResult:
        project = open_project(self.root, STACK, self.environment)
        backend = open_backend(project.backend_url, self.environment)
        root = project.root if in_folder else None
        return Recorder(backend, self.archive(), self.journal(), self.store(), root).record()

    def store(self) -> ObjectStore:
        return open_store(open_project(self.root, STACK, self.environment).store_url, self.environment)

    def archive(self) -> VersionArchive:
        return VersionArchive(self.store(), open_project(self.root, STACK, self.environment).stack)

    def journal(self) -> Journal:
        stack = open_project(self.root, STACK, self.environment).stack
        return Journal(self.store(), stack, lambda: datetime.now(UTC), "test")

    def status(self) -> Status:
        return fold(self.journal().entries(), datetime.now(UTC))

    def stored(self) -> dict[str, bytes]:
        """Every object in the store."""
        store = self.store()
        return {key: store.read(key) for key in store.list()}
