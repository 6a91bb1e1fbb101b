"""A person with a Pulumi project and two commands: `pulumi` and `rollback`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSPHRASE = "correct horse battery staple"
STACK = "dev"
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        return self.stdout + self.stderr

    def must(self) -> "Ended":
        """Fail the test, with all that was said, unless the command succeeded."""
        assert self.exit_code == 0, self.said
        return self

    def json(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.must().stdout)


class PulumiProject:
    """A Python project in a folder, one stack, and a backend."""

    def __init__(self, root: Path, backend_url: str, environment: Mapping[str, str]) -> None:
        """environment: what makes a child process use an embedded AWS."""
        self.root = root
        self.backend_url = backend_url
        self.environment: dict[str, str] = {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            **environment,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": backend_url,
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def write(self, program: str, files: Mapping[str, str] | None = None) -> None:
        """Replace the project's content: its program and the files beside it."""
        kept = set(self.root.glob("Pulumi*.yaml")) if self.root.exists() else set()
        for path in self.root.iterdir() if self.root.exists() else ():
            if path not in kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        for name, text in {"__main__.py": program, **(files or {})}.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def copied_to(self, folder: Path) -> "PulumiProject":
        """The same project and stack in other folders; what runs in AWS is shared."""
        copy = PulumiProject(folder / self.root.name, (folder / "state").as_uri(), self.environment)
        shutil.copytree(self.root, copy.root)
        shutil.copytree(self.backend_url.removeprefix("file://"), folder / "state")
        copy.pulumi("stack", "select", STACK).must()
        return copy

    def create_stack(self, secrets: Mapping[str, str] | None = None) -> None:
        self.pulumi("stack", "init", STACK).must()
        self.pulumi("config", "set", "aws:region", "us-east-1").must()
        for key, value in (secrets or {}).items():
            self.pulumi("config", "set", "--secret", key, value).must()

    def up(self) -> Ended:
        return self.pulumi("up", "--yes", "--skip-preview", "--non-interactive")

    def preview_sees_no_change(self) -> Ended:
        return self.pulumi("preview", "--expect-no-changes", "--non-interactive", "--diff")

    def outputs(self) -> Any:
        return self.pulumi("stack", "output", "--json", "--show-secrets").json()

    def state(self) -> bytes:
        """The stack's state as the engine would export it, secrets encrypted."""
        return self.pulumi("stack", "export").must().stdout.encode()

    def pulumi(self, *arguments: str) -> Ended:
        return self._run([_engine(), *arguments, "--color", "never"], {})

    def rollback(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
        return self._run([sys.executable, "-m", "rollback_plugin.cli", *arguments], environment or {})

    def _run(self, command: list[str], environment: Mapping[str, str]) -> Ended:
        ended = subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)


def _engine() -> str:
    engine = shutil.which("pulumi")
    assert engine, "These tests need the Pulumi engine on PATH; `make test` puts it there."
    return engine
