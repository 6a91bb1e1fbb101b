"""An environment is made once for each lock file; what is missing for it is named."""

import shlex
from pathlib import Path

import pytest

from rollback_plugin.replay.source.checkout import Checkout
from rollback_plugin.replay.source.environment import cache_folder, install
from rollback_plugin.replay.source.obstacle import CannotRerun
from rollback_plugin.replay.source.recipe import Locked, Tool

MAKES_IT = 'command -p mkdir -p "$UV_PROJECT_ENVIRONMENT"\n'


class Machine:
    """A machine with only those commands that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands = folder / "bin"
        self.commands.mkdir()
        self.log = folder / "log"
        self.log.touch()
        self.project = folder / "checkout"
        self.project.mkdir()
        self.environ = {"PATH": str(self.commands), "HOME": str(folder), "VIRTUAL_ENV": "/another"}

    def has(self, command: str, script: str = "") -> None:
        """A command that notes how it was called, then does what the script says."""
        path = self.commands / command
        log = shlex.quote(str(self.log))
        path.write_text(f'#!/bin/sh\necho "{command} $*" >>{log}\n{script}\n')
        path.chmod(0o755)

    def locked(self, tool: Tool, name: str, content: str, *, local: bool = False, python: str | None = None) -> Locked:
        (self.project / name).write_text(content)
        return Locked(tool, self.project / name, local, python)

    def install(self, locked: Locked) -> Path:
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        return install(locked, Checkout(self.project, self.project), scratch, self.environ)

    def refusal(self, locked: Locked) -> str:
        with pytest.raises(CannotRerun) as refused:
            self.install(locked)
        assert refused.value.part == "environment"
        return refused.value.why

    @property
    def calls(self) -> list[str]:
        """Without those that only ask for a version."""
        return [call for call in self.log.read_text().splitlines() if " -c " not in call]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_same_lock_file_is_installed_once(machine: Machine) -> None:
    machine.has("uv", MAKES_IT + 'echo "into $UV_PROJECT_ENVIRONMENT, active: $VIRTUAL_ENV" >>"$HOME/log"')

    first = machine.install(machine.locked("uv", "uv.lock", "one"))
    again = machine.install(machine.locked("uv", "uv.lock", "one"))
    other = machine.install(machine.locked("uv", "uv.lock", "another"))

    assert first == again != other
    assert first.parent == machine.folder / ".cache" / "rollback-plugin" / "environments"
    assert machine.calls == [
        "uv sync --frozen --no-progress",
        f"into {first}, active: ",
        "uv sync --frozen --no-progress",
        f"into {other}, active: ",
    ]


def test_one_that_was_not_finished_is_made_anew(machine: Machine) -> None:
    machine.has("uv", MAKES_IT + '>"$UV_PROJECT_ENVIRONMENT/half"; exit 1')
    locked = machine.locked("uv", "uv.lock", "one")
    machine.refusal(locked)
    machine.has("uv", MAKES_IT)

    made = machine.install(locked)

    assert [path.name for path in made.iterdir()] == ["complete"]


def test_packages_of_the_checkout_itself_are_installed_beside_it(machine: Machine) -> None:
    machine.has("uv")
    locked = machine.locked("uv", "uv.lock", "one", local=True)

    assert machine.install(locked) == machine.install(locked) == machine.folder / "scratch" / "environment"
    assert len(machine.calls) == 2


def test_poetry_installs_into_the_environment_made_for_it(machine: Machine) -> None:
    machine.has("python3", 'case "$*" in *venv*) command -p mkdir -p "$3";; esac')
    machine.has("poetry", 'echo "into $VIRTUAL_ENV" >>"$HOME/log"')

    made = machine.install(machine.locked("poetry", "poetry.lock", "one"))

    assert machine.calls == [
        f"python3 -m venv {made}",
        "poetry install --no-interaction --no-ansi",
        f"into {made}",
    ]


def test_pip_installs_into_the_environment_made_for_it(machine: Machine) -> None:
    script = 'mkdir -p "$3/bin"; cp "$HOME/bin/pip-of-it" "$3/bin/python"'
    machine.has("pip-of-it")
    machine.has("python3", f'PATH=$(command -p getconf PATH)\ncase "$*" in *venv*) {script};; esac')

    made = machine.install(machine.locked("pip", "requirements.txt", "greeting==1.0\n"))

    assert machine.calls == [
        f"python3 -m venv {made}",
        "pip-of-it -m pip --disable-pip-version-check --no-input install --quiet --requirement"
        f" {machine.project}/requirements.txt",
    ]


def test_a_tool_that_is_not_there(machine: Machine) -> None:
    assert "no `uv` on PATH" in machine.refusal(machine.locked("uv", "uv.lock", ""))


@pytest.mark.parametrize("shim", [False, True], ids=["missing", "a shim of a version manager"])
def test_a_python_that_is_not_there(machine: Machine, shim: bool) -> None:
    if shim:
        machine.has("python3.9", "exit 127")

    why = machine.refusal(machine.locked("pip", "requirements.txt", "", python="3.9"))

    assert why == "its .python-version asks for Python 3.9, and no working python3.9 is on PATH; install it"


def test_packages_that_can_not_be_had_are_named_without_the_index_password(machine: Machine) -> None:
    machine.has("uv", 'echo "No solution" >&2; echo "  at https://ada:hunter2@example.com/simple" >&2; exit 2')

    why = machine.refusal(machine.locked("uv", "uv.lock", ""))

    assert why == (
        "the packages of its uv.lock can't be installed with uv: No solution / at https://example.com/simple"
    )


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/ada"}, "/home/ada/.cache"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "/cache"}, "/cache"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "relative"}, "/home/ada/.cache"),
    ],
)
def test_the_cache_is_the_users(environ: dict[str, str], folder: str) -> None:
    assert cache_folder(environ) == Path(folder) / "rollback-plugin" / "environments"
