"""The programs of this folder, as stacks can deploy them.

Each has a folder per version: the program, the files it deploys, `settings.yaml` with the stack config it needs (under
`config` and `secrets`), and `build.py` where something is built before `pulumi up`.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.replay.deployed_stack import DeployedStack, Program

PROGRAMS = Path(__file__).parent
_BUILD = "build.py"
_SETTINGS = "settings.yaml"


@dataclass(frozen=True)
class Release:
    """One version of a program, and the stack config it is deployed with."""

    program: Program
    config: Mapping[str, Any]
    secrets: Mapping[str, Any]

    def deploy(self, stack: DeployedStack) -> int:
        """`pulumi up` as this release's authors run it; return the number of the version it made."""
        self._configure(stack)
        return stack.deploy(self.program)

    def must_be(self, stack: DeployedStack) -> None:
        """Fail unless this release's own preview sees nothing to change."""
        self._configure(stack)
        stack.must_be(self.program)

    def _configure(self, stack: DeployedStack) -> None:
        values = {
            f"{stack.name.project}:{key}": _config_value(value, secret=secret)
            for secret, values in ((False, self.config), (True, self.secrets))
            for key, value in values.items()
        }
        if values:
            stack.pulumi("config", "set-all", "--json", json.dumps(values))


def _config_value(value: Any, *, secret: bool) -> Mapping[str, Any]:
    """As `pulumi config --json` writes it."""
    if isinstance(value, list | dict):
        return {"value": json.dumps(value), "objectValue": value, "secret": secret}
    return {"value": str(value), "secret": secret}


def release(program: str, version: str) -> Release:
    """Version `v1` or `v2` of the program in the folder `program`, built where it has to be."""
    folder = PROGRAMS / program / version
    with TemporaryDirectory() as scratch:
        if (folder / _BUILD).exists():
            subprocess.run([sys.executable, folder / _BUILD], cwd=scratch, check=True)
        files = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for root in (folder, Path(scratch))
            for path in sorted(root.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    settings = yaml.safe_load(files.pop(_SETTINGS, b"{}"))
    code = files.pop("__main__.py").decode()
    return Release(Program(code, files), settings.get("config", {}), settings.get("secrets", {}))
