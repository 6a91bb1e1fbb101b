"""A copy of an example project, deployed with the real command line into an AWS of its own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rollback_plugin.versions.checkpoint import Checkpoint
from tests.sealed import by_a_key


@dataclass(frozen=True)
class Deployed:
    """A Pulumi project in `folder` with one stack, and the environment its commands run in."""

    folder: Path
    stack: str
    environment: Mapping[str, str]

    @classmethod
    def from_example(cls, example: Path, folder: Path, environment: Mapping[str, str], stack: str) -> "Deployed":
        """Copy an example to `folder` and make its stack."""
        shutil.copytree(example, folder, ignore=shutil.ignore_patterns("__pycache__"))
        project = cls(folder, stack, environment)
        project.use_this_python()
        project.pulumi("stack", "init", stack, "--secrets-provider", by_a_key(environment))
        return project

    def use_this_python(self) -> None:
        """Run the program with the packages of this environment instead of the one a clone has."""
        settings = self.folder / "Pulumi.yaml"
        project = yaml.safe_load(settings.read_text())
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        settings.write_text(yaml.safe_dump(project))

    def pulumi(self, *arguments: str, expect_failure: bool = False) -> str:
        """Run a command and return what it printed; the test fails, with that, when success isn't as expected."""
        run = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env={**self.environment, "PULUMI_STACK": self.stack},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        printed = run.stdout + run.stderr
        assert (run.returncode != 0) == expect_failure, f"pulumi {' '.join(arguments)}: {run.returncode}\n{printed}"
        return printed if expect_failure else run.stdout

    def configure(self, **values: object) -> None:
        pairs = [argument for name, value in values.items() for argument in ("--plaintext", f"{name}={value}")]
        self.pulumi("config", "set-all", *pairs)

    def lay_over(self, release: Path) -> None:
        """Replace the files that a release brings, with new times: Python knows a changed program by time and size."""
        shutil.copytree(
            release,
            self.folder,
            dirs_exist_ok=True,
            copy_function=shutil.copyfile,
            ignore=shutil.ignore_patterns("__pycache__"),
        )

    def up(self) -> None:
        self.pulumi("up", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        return dict(json.loads(self.pulumi("stack", "output", "--json")))

    def checkpoint(self) -> Checkpoint:
        return Checkpoint.parse(self.pulumi("stack", "export").encode())

    def preview_shows_no_change(self) -> None:
        self.pulumi("preview", "--expect-no-changes")
