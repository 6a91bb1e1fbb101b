"""A rollback takes the store, the backend, the engine and the provider's plugin, and nothing of the project."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.replay.deployed_stack import DeployedStack
from tests.replay.program_pairs import VALUES

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

KEPT_VARIABLES = ("PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE")


def test_nothing_but_the_package_is_needed(stack: DeployedStack, tmp_path: Path) -> None:
    pair = VALUES["assets of every kind"]
    target = stack.deploy(pair.before)
    stack.deploy(pair.after)
    project_file = {path: path.read_bytes() for path in stack.root.glob("Pulumi.*")}
    shutil.rmtree(stack.root)
    tools, elsewhere = tmp_path / "tools", tmp_path / "elsewhere"
    tools.mkdir()
    elsewhere.mkdir()
    engine = shutil.which("pulumi", path=stack.environment["PATH"])
    assert engine is not None
    # The engine looks for language hosts beside itself and on PATH: a copy of it alone has none.
    shutil.copy(Path(engine).resolve(), tools / "pulumi")

    ended = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("without_anything.py")),
            stack.name.project,
            stack.name.stack,
            stack.state_folder.as_uri(),
            str(tmp_path / "store"),
            str(target),
        ],
        cwd=elsewhere,
        env={
            "PATH": os.pathsep.join([str(tools), "/usr/bin", "/bin"]),
            "HOME": str(tmp_path / "nobody"),
            **{name: value for name, value in stack.environment.items() if name.startswith("AWS_")},
            **{name: stack.environment[name] for name in KEPT_VARIABLES},
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"imported": [], "files": []}
    for path, content in project_file.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    stack.must_be(pair.before)
