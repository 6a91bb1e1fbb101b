"""Making the Python environment of a recorded program, once for each lock file."""

import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rollback_plugin.replay.source.checkout import Checkout
from rollback_plugin.replay.source.commands import Command, CommandFailed, run
from rollback_plugin.replay.source.obstacle import CannotRerun
from rollback_plugin.replay.source.recipe import Locked

INSTALL_SECONDS = 900.0
QUESTION_SECONDS = 30.0
COMPLETE = "complete"
"""A file in an environment that was made to the end."""
# They would make Python or the tools see another environment than the one that is being made.
FOREIGN_VARIABLES = frozenset({"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT", "CONDA_PREFIX"})


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where environments are kept between runs. An empty or relative XDG_CACHE_HOME counts as none, as the XDG Base
    Directory Specification has it."""
    configured = Path(environ.get("XDG_CACHE_HOME", ""))
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    base = configured if configured.is_absolute() else home / ".cache"
    return base / "rollback-plugin" / "environments"


def install(locked: Locked, checkout: Checkout, scratch: Path, environ: Mapping[str, str]) -> Path:
    """The virtual environment with the packages of a lock file: from the cache, or made now.

    Args:
        scratch: a folder that lives as long as the checkout, for an environment that belongs to it.

    Raises `CannotRerun`: its tool or its Python isn't there, or the packages can't be installed.
    """
    clean = {name: value for name, value in environ.items() if name not in FOREIGN_VARIABLES}
    python = _interpreter(locked, clean)
    if locked.local:
        made = scratch / "environment"
        _make(locked, checkout, made, python, clean)
        return made
    made = cache_folder(environ) / _key(locked, python, clean)
    with _locked(made.with_name(f"{made.name}.lock")):
        if not (made / COMPLETE).exists():
            shutil.rmtree(made, ignore_errors=True)
            _make(locked, checkout, made, python, clean)
            (made / COMPLETE).touch()
    return made


def _make(locked: Locked, checkout: Checkout, made: Path, python: Path, environ: Mapping[str, str]) -> None:
    activated = {**environ, "VIRTUAL_ENV": str(made)}
    match locked.tool:
        case "uv":
            steps = [
                # From the project's own folder, which may be one member of a workspace that has one lock file.
                Command(
                    [_tool("uv", environ), "sync", "--frozen", "--no-progress"],
                    checkout.project,
                    {**environ, "UV_PROJECT_ENVIRONMENT": str(made)},
                    INSTALL_SECONDS,
                )
            ]
        case "poetry":
            steps = [
                Command([python, "-m", "venv", made], made.parent, environ, INSTALL_SECONDS),
                Command(
                    [_tool("poetry", environ), "install", "--no-interaction", "--no-ansi"],
                    locked.file.parent,
                    activated,
                    INSTALL_SECONDS,
                ),
            ]
        case "pip":
            pip: list[str | Path] = [made / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input"]
            steps = [
                Command([python, "-m", "venv", made], made.parent, environ, INSTALL_SECONDS),
                Command(
                    [*pip, "install", "--quiet", "--requirement", locked.file],
                    # Relative paths in a requirements file start here.
                    locked.file.parent,
                    activated,
                    INSTALL_SECONDS,
                ),
            ]
    made.parent.mkdir(parents=True, exist_ok=True)
    for step in steps:
        try:
            run(step)
        except CommandFailed as failure:
            raise CannotRerun(
                "environment",
                f"the packages of its {locked.file.name} can't be installed with {locked.tool}: {failure}",
            ) from None


def _tool(name: str, environ: Mapping[str, str]) -> str:
    found = shutil.which(name, path=environ.get("PATH", os.defpath))
    if found is None:
        raise CannotRerun(
            "environment", f"its packages are locked with {name}, and there is no `{name}` on PATH; install it"
        )
    return found


def _interpreter(locked: Locked, environ: Mapping[str, str]) -> Path:
    wanted = f"python{locked.python}" if locked.python else "python3"
    found = shutil.which(wanted, path=environ.get("PATH", os.defpath))
    if found is not None and _version(Path(found), environ) is not None:
        return Path(found)
    if locked.python and locked.tool != "uv":
        raise CannotRerun(
            "environment",
            f"its .python-version asks for Python {locked.python}, and no working {wanted} is on PATH; install it",
        )
    return Path(sys.executable)


def _version(python: Path, environ: Mapping[str, str]) -> str | None:
    """The interpreter's full version; None for one that doesn't run (a shim of a version manager that lacks it)."""
    try:
        return run(Command([python, "-c", "import sys; print(sys.version)"], Path("/"), environ, QUESTION_SECONDS))
    except CommandFailed:
        return None


def _key(locked: Locked, python: Path, environ: Mapping[str, str]) -> str:
    """The environment's name in the cache: all that its content depends on, as one hash."""
    project_file = locked.file.with_name("pyproject.toml")
    described = {
        "tool": locked.tool,
        "python": [str(python), _version(python, environ), locked.python],
        "lock": hashlib.sha256(locked.file.read_bytes()).hexdigest(),
        "project": hashlib.sha256(project_file.read_bytes()).hexdigest() if project_file.is_file() else None,
    }
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:32]


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system releases it when this process ends, however it ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
