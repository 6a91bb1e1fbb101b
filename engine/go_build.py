"""Build the Pulumi engine from its Go module, for machines that can't have the official download.

The module and its checksums are pinned in go.mod and go.sum beside this file. A build takes minutes and is kept in the
user's cache, so it happens once per machine, however many clones ask for it and even when two ask at once.
"""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

MODULE_DIRECTORY = Path(__file__).resolve().parent
ENGINE_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
# Where the engine keeps its own version; the Automation API refuses an engine that doesn't know it.
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
OUTPUT_TAIL_LINES = 20


class GoBuildError(Exception):
    """The engine could not be built; the message says why and what to do."""


def pinned_version(go_module: str) -> str:
    """Return the engine's version, without `v`, as the text of go.mod requires it."""
    module = ENGINE_PACKAGE.removesuffix("/cmd/pulumi")
    for line in go_module.splitlines():
        words = line.removeprefix("require").split()
        if words[:1] == [module]:
            return words[1].removeprefix("v")
    raise GoBuildError(f"{MODULE_DIRECTORY / 'go.mod'} doesn't require {module}: no engine version to build.")


@contextmanager
def locked(lock: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system releases it when this process ends, however it ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build(command: Path, version: str, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Make `command` the engine of that version, unless it is there already, and never leave half of it there.

    Raises:
        GoBuildError: there is no Go, or its build failed.
    """
    with locked(command.parent / "build.lock", lambda: say("Pulumi engine: waiting for another build of it")):
        if command.exists():
            return
        go = shutil.which("go", path=environment.get("PATH"))
        if go is None:
            raise GoBuildError(
                "Go is needed to build the Pulumi engine, and there is no `go` on PATH. Install Go (https://go.dev/dl),"
                " or the Pulumi CLI itself (https://www.pulumi.com/docs/install), and run the same command again."
            )
        say(f"Pulumi engine: building {version} with Go (once per machine, about 4 minutes)")
        with tempfile.TemporaryDirectory(prefix="build-", dir=command.parent) as scratch:
            built = Path(scratch) / "pulumi"
            _run(
                [
                    go,
                    "build",
                    "-mod=readonly",
                    f"-ldflags=-s -w -X {VERSION_VARIABLE}=v{version}",
                    "-o",
                    str(built),
                    ENGINE_PACKAGE,
                ],
                # Without cgo the build needs no C compiler, as the official builds don't.
                {**environment, "CGO_ENABLED": "0", **_config_apart(environment, Path(scratch))},
            )
            built.replace(command)


def _config_apart(environment: Mapping[str, str], scratch: Path) -> Mapping[str, str]:
    """The user's own Go settings are read, but what Go notes beside them (its telemetry) goes to `scratch`.

    Both lie in os.UserConfigDir, which is XDG_CONFIG_HOME or ~/.config (Go's src/os/file.go).
    """
    home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".config")
    return {"GOENV": environment.get("GOENV") or str(Path(home) / "go" / "env"), "XDG_CONFIG_HOME": str(scratch)}


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    ended = subprocess.run(
        command,
        cwd=MODULE_DIRECTORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if ended.returncode != 0:
        tail = "\n".join(ended.stdout.splitlines()[-OUTPUT_TAIL_LINES:])
        raise GoBuildError(
            f"`{' '.join(command)}` failed in {MODULE_DIRECTORY} (exit code {ended.returncode})."
            f" The end of its output:\n\n{tail}\n\nThe modules come from GOPROXY: see that it can be reached"
            " (`go env GOPROXY`). Or install the Pulumi CLI (https://www.pulumi.com/docs/install): it's used instead."
        )
