"""Run the engine suites against Pulumi's own parts: run as `python -m engine.official PULUMI_HOME`.

Elsewhere the tests make do with what can be had: an engine built from its Go module, our Python language host, the
stand-in `aws` plugin. Here all three have to be the official ones. What is missing is said, with the way to get it, and
nothing is run; nothing is skipped. AWS itself stays the embedded one.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import go_build
from engine.install import LANGUAGE_HOST, LANGUAGE_HOST_NAME, engine_version, parse_version
from rollback_plugin.embedded.provider.install import (
    EXECUTABLE,
    OFFICIAL_PLUGIN_VARIABLE,
    installed_version,
    is_stand_in,
    plugin_folder,
)

INSTALL_PULUMI = "install Pulumi (https://www.pulumi.com/docs/install/) and have its folder on PATH"


@dataclass(frozen=True)
class Parts:
    """What was found, each with its version as its owner says it."""

    command: Path
    command_version: str
    language_host: Path
    plugin: Path
    plugin_version: str

    def __str__(self) -> str:
        return (
            f"Pulumi CLI {self.command_version}: {self.command}\n"
            f"Python language host of that release: {self.language_host}\n"
            f"AWS plugin {self.plugin_version}: {self.plugin}"
        )


class PartsMissing(Exception):
    """One line for each part that isn't there, with the way to get it."""


def official_parts(
    environment: Mapping[str, str], pulumi_home: Path, oldest: str, plugin_version: str | None = None
) -> Parts:
    """Find the official parts.

    Args:
        environment: its PATH is where the CLI is looked for.
        pulumi_home: where the user's plugins are.
        oldest: the oldest version of the CLI that will do.
        plugin_version: which plugin is wanted; by default the one that the installed `pulumi_aws` asks for.

    Raises:
        PartsMissing: not all of them are there.
    """
    wanted = plugin_version or installed_version()
    found = shutil.which("pulumi", path=environment["PATH"])
    missing: list[str] = []
    command, version, host = None, None, None
    if found is None:
        missing.append(f"There is no `pulumi` on PATH: {INSTALL_PULUMI}.")
    else:
        command = Path(found).resolve()
        version = engine_version(command, environment)
        if version is None or version < parse_version(oldest):
            said = "doesn't tell its version" if version is None else f"is version {_text(version)}"
            missing.append(f"{command} {said}, and {oldest} or newer is needed: {INSTALL_PULUMI}.")
        host = command.with_name(LANGUAGE_HOST_NAME)
        if not host.exists():
            missing.append(f"{command} has no {LANGUAGE_HOST_NAME} beside it: {INSTALL_PULUMI}.")
        elif str(LANGUAGE_HOST).encode() in host.read_bytes():
            missing.append(f"{host} is this project's own language host, not the official one: {INSTALL_PULUMI}.")
    plugin = plugin_folder(pulumi_home, wanted) / EXECUTABLE
    install_plugin = f"run `PULUMI_HOME={pulumi_home} pulumi plugin install resource aws {wanted}`"
    if not os.access(plugin, os.X_OK):
        missing.append(f"There is no AWS plugin {wanted} at {plugin}: {install_plugin}.")
    elif is_stand_in(plugin):
        missing.append(f"{plugin} is this project's stand-in, not the official plugin: remove it and {install_plugin}.")
    if missing or command is None or version is None or host is None:
        raise PartsMissing("\n".join(missing))
    return Parts(command, _text(version), host, plugin, wanted)


def _text(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


def main() -> None:
    """Say what was found and run the engine suites with it; exit 1 where something is missing."""
    oldest = go_build.pinned_version((go_build.MODULE_DIRECTORY / "go.mod").read_text())
    try:
        parts = official_parts(os.environ, Path(sys.argv[1]), oldest)
    except PartsMissing as error:
        sys.exit(f"The engine suites can't be run against the official Pulumi here.\n{error}")
    print(parts, flush=True)
    environment = {**os.environ, OFFICIAL_PLUGIN_VARIABLE: str(parts.plugin)}
    sys.exit(subprocess.run([sys.executable, "-m", "pytest", "-m", "engine"], env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
