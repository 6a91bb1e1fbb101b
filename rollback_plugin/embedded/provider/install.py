"""Puts the stand-in provider where the Pulumi engine looks for the real one.

The engine runs `$PULUMI_HOME/plugins/resource-aws-v<version>/pulumi-resource-aws`, for exactly the version the
installed `pulumi_aws` package asks for (measured; pulumi/pulumi, sdk/go/common/workspace/plugins.go).
"""

import os
import shlex
import stat
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rollback_plugin.errors import EmbeddedError

EXECUTABLE = "pulumi-resource-aws"


def installed_version() -> str:
    """The version of the installed `pulumi_aws`. Raises `EmbeddedError` when it isn't installed."""
    try:
        return version("pulumi_aws")
    except PackageNotFoundError as error:
        raise EmbeddedError(
            f"The package pulumi-aws is not installed beside {sys.executable}, so it isn't known which version of the "
            "provider the engine will ask for; install it with `pip install pulumi-aws`."
        ) from error


def install_provider(pulumi_home: Path) -> None:
    """Makes `pulumi_home` (a folder used as PULUMI_HOME) serve `aws` resources with the stand-in provider.

    Safe to call again, and at the same time from several processes. Raises `EmbeddedError` when the folder can't be
    written, or when a real provider of that version is installed there, which is left alone.
    """
    folder = pulumi_home / "plugins" / f"resource-aws-v{installed_version()}"
    executable = folder / EXECUTABLE
    launcher = _launcher()
    try:
        if executable.exists() and not _is_launcher(executable):
            raise EmbeddedError(
                f"{executable} is a real aws provider; the stand-in is not put in its place. "
                "Use another PULUMI_HOME for the embedded AWS."
            )
        folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(executable, launcher)
    except OSError as error:
        raise EmbeddedError(
            f"The stand-in aws provider can't be written to {folder}: {error.strerror or error}"
        ) from error


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


def _is_launcher(executable: Path) -> bool:
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
