"""What a fresh runner does before it can run a program: an environment, made from the program's lock file."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENVIRONMENT = "environment"
LOCK_FILE = "requirements.txt"

_OF_THIS_PROJECT = Path(__file__).parent.parent / "requirements-dev.txt"
_OF_A_PROGRAM = ("pulumi", "pulumi-aws")


def lock_file() -> str:
    """Pinned and hashed: Pulumi's SDK and its AWS package, and what those need, in the versions used here."""
    wanted: set[str] = set()
    waiting = list(_OF_A_PROGRAM)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in wanted:
            wanted.add(name)
            waiting.extend(_needed_by(name))
    return "".join(block for name, block in _pinned() if name in wanted)


def make_environment(folder: Path, environ: Mapping[str, str]) -> None:
    """As fast as pip does it: nothing is compiled ahead, of thousands of modules that the program doesn't import.

    Raises AssertionError, with what was printed, unless it succeeds.
    """
    own = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    install = ["-m", "pip", "install", "--quiet", "--no-compile", "--require-hashes", "--requirement", LOCK_FILE]
    for command in (
        [sys.executable, "-m", "venv", ENVIRONMENT],
        [str(folder / ENVIRONMENT / "bin" / "python"), *install],
    ):
        ended = subprocess.run(command, cwd=folder, env={**environ, **own}, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {ended.stdout}\n{ended.stderr}")


def _needed_by(name: str) -> Iterator[str]:
    for line in requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def _pinned() -> Iterator[tuple[str, str]]:
    """Of each package its name, and its lines."""
    for block in re.split(r"^(?=[A-Za-z0-9])", _OF_THIS_PROJECT.read_text(), flags=re.MULTILINE):
        if found := re.match(r"[\w.-]+(?===)", block):
            yield canonicalize_name(found[0]), block
