"""Which Python environment a recorded program runs in: decided from the files it came with."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rollback_plugin.replay.source.checkout import Checkout
from rollback_plugin.replay.source.obstacle import CannotRerun

Tool = Literal["uv", "poetry", "pip"]
LOCK_FILES: Mapping[Tool, str] = {"uv": "uv.lock", "poetry": "poetry.lock", "pip": "requirements.txt"}
PYTHON_VERSION_FILE = ".python-version"

# What pip can install from nothing but the line itself (PEP 508, and options that name an index): anything else in a
# requirements file names other files, or may.
_SELF_CONTAINED_REQUIREMENT = re.compile(
    r"""( [A-Za-z0-9][\w.-]* \s* (\[[^\]]*\])? \s* ( [<>=!~;(] .* | @ \s* (https?|git\+\w+):// .* )?
        | (--hash | --index-url | --extra-index-url | -i | --trusted-host | --only-binary | --no-binary) [=\s] .*
        | --pre | --require-hashes | --prefer-binary )$""",
    re.VERBOSE,
)
_LOCAL_UV_SOURCES = frozenset({"editable", "directory", "path"})
_LOCAL_POETRY_SOURCES = frozenset({"directory", "file"})


@dataclass(frozen=True, slots=True)
class Locked:
    """An environment made from the program's own lock file or requirements."""

    tool: Tool
    file: Path
    local: bool
    """Whether packages come from the checkout itself: such an environment belongs to it and is not kept."""
    python: str | None
    """`3.12`, where the program says which Python it runs on."""


@dataclass(frozen=True, slots=True)
class AsFound:
    """No packages were recorded: the environment that there is on this machine."""

    virtualenv: Path | None
    """None: the Python that the language host itself chooses."""


def recipe(checkout: Checkout, options: Mapping[str, Any], project_here: Path) -> Locked | AsFound:
    """The environment of a checked-out program.

    The nearest lock file or requirements from the program's folder upwards decides; `toolchain` in Pulumi.yaml says
    which tool's. Without any it is the `virtualenv` of Pulumi.yaml, taken from `project_here` where it is relative, and
    without that the interpreter's own.

    Args:
        options: `runtime.options` of its Pulumi.yaml.
        project_here: the project's folder on this machine, outside of the checkout.

    Raises `CannotRerun`.
    """
    toolchain = options.get("toolchain")
    tools = [tool for tool in LOCK_FILES if toolchain in (tool, None)]
    folders = _upwards(checkout)
    for folder in folders:
        for tool in tools:
            file = folder / LOCK_FILES[tool]
            if file.is_file():
                return Locked(tool, file, _is_local(tool, file), _python(folders))
    if toolchain is not None and toolchain != "pip":
        raise CannotRerun(
            "environment", f"its Pulumi.yaml says `toolchain: {toolchain}`, and no lock file of that came with it"
        )
    virtualenv = options.get("virtualenv")
    if not virtualenv:
        return AsFound(None)
    found = project_here / str(virtualenv)
    if not (found / "bin" / "python").exists():
        raise CannotRerun(
            "environment",
            f"its Pulumi.yaml names the virtual environment {virtualenv}, there is none in {found}, and no lock file or"
            " requirements.txt came with the program to make one from",
        )
    return AsFound(found)


def _upwards(checkout: Checkout) -> list[Path]:
    """The project's folder and those above it, up to the checkout's own."""
    return [checkout.project, *(folder for folder in checkout.project.parents if folder.is_relative_to(checkout.root))]


def _python(folders: list[Path]) -> str | None:
    for folder in folders:
        file = folder / PYTHON_VERSION_FILE
        if file.is_file():
            version = re.match(r"\s*(\d+\.\d+)(\.\d+)?\s*$", file.read_text(errors="replace").partition("\n")[0])
            # Other names (`pypy3.10`, a pyenv environment) mean something to other tools only.
            return version[1] if version else None
    return None


def _is_local(tool: Tool, file: Path) -> bool:
    try:
        match tool:
            case "pip":
                return _has_local_requirements(file.read_text())
            case "uv":
                packages = tomllib.loads(file.read_text()).get("package", [])
                return any(_LOCAL_UV_SOURCES & package.get("source", {}).keys() for package in packages)
            case "poetry":
                packages = tomllib.loads(file.read_text()).get("package", [])
                sources = {package.get("source", {}).get("type") for package in packages}
                return bool(_LOCAL_POETRY_SOURCES & sources) or _installs_itself(file.with_name("pyproject.toml"))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CannotRerun("environment", f"its {file.name} can't be read ({type(error).__name__})") from None


def _has_local_requirements(text: str) -> bool:
    joined = re.sub(r"\\\n\s*", "", text)
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return any(line and not _SELF_CONTAINED_REQUIREMENT.match(line) for line in lines)


def _installs_itself(project_file: Path) -> bool:
    """Poetry installs the project itself, from its folder, unless told that it is no package."""
    document = tomllib.loads(project_file.read_text()) if project_file.is_file() else {}
    return document.get("tool", {}).get("poetry", {}).get("package-mode", True) is not False
