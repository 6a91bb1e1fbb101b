"""Give a virtual environment a Pulumi engine: run as `python -m engine.install` by that environment's Python.

In this order, the first that works: the `pulumi` on PATH; one that an earlier run left in the user's cache; the
official install; a build from the Go module. Afterwards `pulumi` and `pulumi-language-python` are found by whoever has
the environment's `bin` first on PATH. The user's own Pulumi home is neither read nor written.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from engine import go_build

LANGUAGE_HOST = Path(__file__).resolve().parent / "python_language_host.py"
LANGUAGE_HOST_NAME = "pulumi-language-python"
OFFICIAL_INSTALLER = "https://get.pulumi.com/install.sh"
# Asked first, because the installer itself would wait without end for a server that doesn't answer.
REACHABLE_SECONDS = 5.0
DOWNLOAD_SECONDS = 600.0
OFFICIAL_INSTALL_PROGRAM = """
import sys
from pulumi.automation import PulumiCommand
PulumiCommand.install(root=sys.argv[1])
"""

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI, and whether the official Python language host lies where the CLI finds it."""

    command: Path
    has_language_host: bool


class OfficialInstallError(Exception):
    """The official installer did not deliver; the message is the last thing it said."""


def parse_version(text: str) -> Version:
    """Read `v3.259.0`, `3.259.0-alpha.1` or the like. Raises ValueError when there is no version in it."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    if match is None:
        raise ValueError(f"{text.strip()!r} is not a version")
    return (int(match[1]), int(match[2]), int(match[3]))


def engine_version(command: Path, environment: Mapping[str, str]) -> Version | None:
    """Ask a Pulumi CLI for its version; None when it can't be run or names none."""
    with tempfile.TemporaryDirectory(prefix="pulumi-home-") as home:
        quiet = {**environment, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            answer = subprocess.run(
                [command, "version"], env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
            )
            return parse_version(answer.stdout)
        except (OSError, subprocess.CalledProcessError, ValueError):
            return None


def engine_on_path(search_path: str) -> Engine | None:
    """Find the CLI on PATH. A language host counts when it lies beside the CLI's real file or anywhere on PATH."""
    found = shutil.which("pulumi", path=search_path)
    if found is None:
        return None
    real = Path(found).resolve()
    beside = real.with_name(LANGUAGE_HOST_NAME).exists()
    return Engine(real, beside or shutil.which(LANGUAGE_HOST_NAME, path=search_path) is not None)


def cache_directory(environment: Mapping[str, str]) -> Path:
    """Return the user's cache folder for engines.

    An empty or relative XDG_CACHE_HOME counts as none, as the XDG Base Directory Specification has it.
    """
    configured = Path(environment.get("XDG_CACHE_HOME", ""))
    base = configured if configured.is_absolute() else Path(environment["HOME"]) / ".cache"
    return base / "rollback-plugin" / "engine"


def install_official(root: Path, environment: Mapping[str, str]) -> None:
    """Run the SDK's own installer into `root`, which is complete afterwards or absent.

    Raises:
        OfficialInstallError: it can't be reached, or failed.
    """
    try:
        httpx.head(OFFICIAL_INSTALLER, timeout=REACHABLE_SECONDS, follow_redirects=True).raise_for_status()
    except httpx.HTTPError as error:
        raise OfficialInstallError(f"{OFFICIAL_INSTALLER}: {error}") from error
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="official-", dir=root.parent) as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        delivered = Path(scratch) / "engine"
        # The installer's home is a scratch folder, so that it can't leave anything in the user's.
        isolated = {**environment, "HOME": str(home), "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        command: list[str | Path] = [sys.executable, "-c", OFFICIAL_INSTALL_PROGRAM, delivered]
        try:
            subprocess.run(
                command,
                env=isolated,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=DOWNLOAD_SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise OfficialInstallError(f"it took longer than {DOWNLOAD_SECONDS} seconds") from error
        except subprocess.CalledProcessError as error:
            said = (error.stdout or "").strip().splitlines()
            raise OfficialInstallError(said[-1] if said else f"it exited with {error.returncode}") from error
        delivered.replace(root)


@dataclass(frozen=True)
class Sources:
    """Where an engine can come from; the choice among them is `choose`."""

    on_path: Callable[[], Engine | None]
    version_of: Callable[[Path], Version | None]
    official: Callable[[Path], None]
    build: Callable[[Path], None]
    cache: Path
    official_version: str
    built_version: str


def choose(sources: Sources, say: Callable[[str], None]) -> Engine:
    """Return the first engine to be had, saying one line about what was done for it.

    Raises:
        GoBuildError: there is none by any way; the message says what to do.
    """
    oldest = parse_version(sources.built_version)
    present = sources.on_path()
    if present is not None:
        version = sources.version_of(present.command)
        if version is not None and version >= oldest:
            say(f"Pulumi engine: {present.command}")
            return present
        found = "doesn't tell its version" if version is None else f"is version {'.'.join(map(str, version))}"
        say(f"Pulumi engine: not {present.command}, which {found}; {sources.built_version} or newer is needed")

    official = Engine(sources.cache / sources.official_version / "bin" / "pulumi", has_language_host=True)
    built = Engine(sources.cache / sources.built_version / "bin" / "pulumi", has_language_host=False)
    for cached in (official, built):
        if cached.command.exists():
            say(f"Pulumi engine: {cached.command}")
            return cached

    say(f"Pulumi engine: trying the official install of {sources.official_version}")
    try:
        sources.official(official.command.parent.parent)
    except OfficialInstallError as error:
        say(f"Pulumi engine: no official install here ({error})")
    else:
        return official
    sources.build(built.command)
    return built


def lay_into(bin_directory: Path, engine: Engine, interpreter: Path, search_path: str) -> None:
    """Make the engine the one that `bin_directory` offers, replacing what an earlier run laid there.

    An engine that is found on `search_path` with its own language host needs nothing. Another with a host is linked,
    and the CLI looks beside the link's target for its host. One without a host is put in the folder itself, beside
    ours: the CLI warns about a language host on PATH that doesn't lie beside its own real file.
    """
    for earlier in bin_directory.glob("pulumi*"):
        earlier.unlink()
    if engine.has_language_host:
        on_path = shutil.which("pulumi", path=search_path)
        if on_path is None or Path(on_path).resolve() != engine.command:
            for file in engine.command.parent.glob("pulumi*"):
                (bin_directory / file.name).symlink_to(file)
        return
    command = bin_directory / "pulumi"
    try:
        os.link(engine.command, command)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copy2(engine.command, command)
    launcher = bin_directory / LANGUAGE_HOST_NAME
    launcher.write_text(f'#!/bin/sh\nexec {shlex.join([str(interpreter), str(LANGUAGE_HOST)])} "$@"\n')
    launcher.chmod(0o755)


def main() -> None:
    """Install into the environment of the Python that runs this; exit 1 with the way out if it can't be done."""
    from pulumi._version import version as sdk_version

    def say(line: str) -> None:
        print(line, flush=True)

    bin_directory = Path(sys.executable).parent
    entries = os.environ["PATH"].split(os.pathsep)
    search_path = os.pathsep.join(entry for entry in entries if Path(entry) != bin_directory)
    environment = {**os.environ, "PATH": search_path}
    try:
        built_version = go_build.pinned_version((go_build.MODULE_DIRECTORY / "go.mod").read_text())
        sources = Sources(
            on_path=lambda: engine_on_path(search_path),
            version_of=lambda command: engine_version(command, environment),
            official=lambda root: install_official(root, environment),
            build=lambda command: go_build.build(command, built_version, environment, say),
            cache=cache_directory(environment),
            official_version=str(sdk_version),
            built_version=built_version,
        )
        lay_into(bin_directory, choose(sources, say), Path(sys.executable), search_path)
    except go_build.GoBuildError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
