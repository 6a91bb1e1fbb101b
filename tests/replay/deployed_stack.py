"""A stack that is deployed as anybody would, its versions recorded, and the replay of them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from rollback_plugin.backend.history import open_backend
from rollback_plugin.backend.project import open_project
from rollback_plugin.controller.operate import Operator
from rollback_plugin.controller.operated_stack import operated_stack
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.journal import Journal
from rollback_plugin.recording.record import Recorder
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.source.rerun import SourceReplay
from rollback_plugin.replay.strategy import ReplayByStrategy
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore
from rollback_plugin.versions.archive import VersionArchive
from tests.sealed import by_a_key

PASSPHRASE = "correct horse battery staple"


@dataclass(frozen=True)
class Program:
    """What a version consists of: the program, and files beside it by relative path."""

    code: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)


class DeployedStack:
    """One stack of one project below `folder`, where stacks of other projects can share the backend and the store."""

    def __init__(self, folder: Path, aws: EmbeddedAws, project: str = "shop", *, with_passphrase: bool = False) -> None:
        """with_passphrase: its secrets are sealed by that, and not by a key of KMS."""
        self.root = folder / project
        self.name = StackName(project, "dev")
        self.state_folder = folder / "state"
        self.state_folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **{name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ},
            **aws.environment,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": self.state_folder.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self._write(Program("import pulumi"))
        sealed_by = "passphrase" if with_passphrase else by_a_key(self.environment)
        self.pulumi("stack", "init", self.name.stack, "--secrets-provider", sealed_by)
        self.pulumi("config", "set", "aws:region", "us-east-1")
        self.store = FolderStore(folder / "store")
        self.backend = open_backend(self.state_folder.as_uri(), self.environment)
        self.archive = VersionArchive(self.store, self.name)

    def deploy(self, program: Program) -> int:
        """`pulumi up` of a program; return the number of the version it made."""
        self._write(program)
        self.pulumi("up", "--yes", "--skip-preview")
        return self.record()

    def record(self) -> int:
        """Seal the one update that isn't sealed yet; return its version's number."""
        (number,) = Recorder(self.backend, self.archive, self.journal, self.store, self.root).record().sealed
        return number

    @property
    def journal(self) -> Journal:
        return Journal(self.store, self.name, lambda: datetime.now(UTC), "tests")

    def operator(self) -> Operator:
        """What rolls this stack back and recovers it, with its journal."""
        project = open_project(self.root, self.name.stack, self.environment)
        return operated_stack(structs.replace(project, store_url=self.store.location), self.environment).operator

    def replay(self, environment: Mapping[str, str] | None = None) -> Replay:
        project = open_project(self.root, self.name.stack, self.environment)
        engine = Engine(project, self.environment if environment is None else environment)
        return Replay(self.name, engine, self.backend, self.archive)

    def replay_by_strategy(self, environment: Mapping[str, str] | None = None) -> ReplayByStrategy:
        """Snapshot and source, as the command has them."""
        environment = self.environment if environment is None else environment
        project = open_project(self.root, self.name.stack, environment)
        by_source = SourceReplay(project, Engine(project, environment), self.backend, self.archive, environment)
        return ReplayByStrategy(self.name, snapshot=self.replay(environment), by_source=lambda: by_source)

    def must_be(self, program: Program) -> None:
        """Fail unless the program's own preview sees nothing to change, in resources or in the stack's outputs."""
        self._write(program)
        said = self.pulumi("preview", "--expect-no-changes", "--diff")
        # The engine counts no change of outputs as a change, but shows it.
        assert "outputs:" not in said.lower(), said

    def outputs(self) -> Any:
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets"))

    def resource(self, name: str) -> Mapping[str, Any]:
        """What the state has of the resource whose URN ends in `name`."""
        state = json.loads(self.state)["checkpoint"]["latest"]["resources"]
        (found,) = [resource for resource in state if resource["urn"].endswith(f"::{name}")]
        assert isinstance(found, dict)
        return found

    @property
    def state(self) -> bytes:
        return self.backend.current(self.name)

    def files_of_backend(self) -> Mapping[str, bytes]:
        """Every file that Pulumi keeps, by path: state, history, locks."""
        return {
            str(path.relative_to(self.state_folder)): path.read_bytes()
            for path in sorted(self.state_folder.rglob("*"))
            if path.is_file()
        }

    def pulumi(self, *arguments: str, answer: str = "") -> str:
        """Run the CLI, `answer` being what it reads where it asks; return what it printed."""
        command = ["pulumi", *arguments, "--non-interactive", "--color=never"]
        ended = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, input=answer
        )
        assert ended.returncode == 0, f"{' '.join(arguments)}: {ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def _write(self, program: Program) -> None:
        self.root.mkdir(exist_ok=True)
        for path in self.root.iterdir():
            if path.name.startswith("Pulumi."):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        (self.root / "Pulumi.yaml").write_text(f"name: {self.name.project}\nruntime: python\n")
        for name, content in {"__main__.py": program.code, **program.files}.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)


MakeStack = Callable[..., DeployedStack]
