"""Puts the stand-in provider where the Pulumi engine looks for the real one.

The engine runs `$PULUMI_HOME/plugins/resource-aws-v<version>/pulumi-resource-aws`, for exactly the version the
installed `pulumi_aws` package asks for (measured; pulumi/pulumi, sdk/go/common/workspace/plugins.go).

The environment variable ROLLBACK_OFFICIAL_AWS_PLUGIN, read here and nowhere else, puts the official plugin there
instead: `make test-official` sets it to the executable's path. It then serves against whatever AWS_ENDPOINT_URL says.
"""

import os
import shlex
import stat
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rollback_plugin.errors import EmbeddedError

EXECUTABLE = "pulumi-resource-aws"
OFFICIAL_PLUGIN_VARIABLE = "ROLLBACK_OFFICIAL_AWS_PLUGIN"


def installed_version() -> str:
    """The version of the installed `pulumi_aws`. Raises `EmbeddedError` when it isn't installed."""
    try:
        return version("pulumi_aws")
    except PackageNotFoundError as error:
        raise EmbeddedError(
            f"The package pulumi-aws is not installed beside {sys.executable}, so it isn't known which version of the "
            "provider the engine will ask for; install it with `pip install pulumi-aws`."
        ) from error


def plugin_folder(pulumi_home: Path, plugin_version: str) -> Path:
    """Where the engine looks for that version of the `aws` plugin."""
    return pulumi_home / "plugins" / f"resource-aws-v{plugin_version}"


def install_provider(pulumi_home: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Makes `pulumi_home` (a folder used as PULUMI_HOME) serve `aws` resources with the stand-in provider.

    With the official one where `environment` names it. Safe to call again, and at the same time from several processes.
    Raises `EmbeddedError` when the folder can't be written, when a real provider of that version is installed there,
    which is left alone, or when what the environment names is no executable.
    """
    folder = plugin_folder(pulumi_home, installed_version())
    executable = folder / EXECUTABLE
    official = environment.get(OFFICIAL_PLUGIN_VARIABLE)
    launcher = _launcher()
    try:
        if official:
            _link(folder, Path(official))
            return
        if executable.exists() and not is_stand_in(executable):
            raise EmbeddedError(
                f"{executable} is a real aws provider; the stand-in is not put in its place. "
                "Use another PULUMI_HOME for the embedded AWS."
            )
        folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(executable, launcher)
    except OSError as error:
        raise EmbeddedError(f"The aws provider can't be written to {folder}: {error.strerror or error}") from error


def _link(folder: Path, official: Path) -> None:
    """The executable alone: the engine takes no link to a folder for a plugin (plugins.go, GetPluginsFromDir)."""
    if not os.access(official, os.X_OK) or official.is_dir():
        raise EmbeddedError(
            f"{OFFICIAL_PLUGIN_VARIABLE} names {official}, which is no executable file. Install the plugin "
            f"(`pulumi plugin install resource aws {installed_version()}`) and name its {EXECUTABLE}, or unset that."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".link-") as scratch:
        link = Path(scratch) / EXECUTABLE
        link.symlink_to(official.resolve())
        link.replace(folder / EXECUTABLE)


def _launcher() -> str:
    package_root = Path(__file__).resolve().parents[3]
    return (
        "#!/bin/sh\n"
        f"{_MARK}\n"
        f"PYTHONPATH={shlex.quote(str(package_root))}${{PYTHONPATH:+:$PYTHONPATH}}\n"
        "export PYTHONPATH\n"
        f'exec {shlex.quote(sys.executable)} -m rollback_plugin.embedded.provider "$@"\n'
    )


_MARK = "# the stand-in aws provider of rollback-plugin"


def is_stand_in(executable: Path) -> bool:
    """Whether that plugin is the stand-in."""
    with executable.open("rb") as opened:
        return _MARK.encode() in opened.read(4096)


def _write_atomically(path: Path, content: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w") as written:
            written.write(content)
        Path(temporary).chmod(stat.S_IRWXU)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
