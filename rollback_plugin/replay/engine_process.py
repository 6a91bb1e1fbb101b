"""The engine's process."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from rollback_plugin.errors import EngineNotFound

# These would change what an update does, or which stack it is done to, behind the back of its arguments.
UNWANTED_VARIABLES = frozenset(
    {
        "PULUMI_STACK",
        "PULUMI_CONTINUE_ON_ERROR",
        "PULUMI_AUTOMATION_API",
        "PULUMI_DISABLE_RESOURCE_REFERENCES",
        "PULUMI_DISABLE_OUTPUT_VALUES",
        "PULUMI_DISABLE_INTEGRITY_CHECKING",
    }
)
UNWANTED_PREFIX = "PULUMI_OPTION_"
"""Prefix of the variables that stand for command line flags."""


@dataclass(frozen=True, slots=True)
class FinishedEngine:
    """An engine that ended, and what it printed."""

    exit_code: int
    output: str = field(repr=False)
    """May hold plain text of secrets."""
    errors: str


class RunningEngine:
    """An engine that was started."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: IO[bytes], errors: IO[bytes]) -> None:
        self._process = process
        self._output = output
        self._errors = errors

    @property
    def process_id(self) -> int:
        return self._process.pid

    def finished(self) -> FinishedEngine:
        """Wait for its end. What interrupts that is handed on to it, once."""
        try:
            self._process.wait()
        except BaseException:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            raise
        return FinishedEngine(self._process.returncode, _text(self._output), _text(self._errors))


def run_engine(
    environ: Mapping[str, str],
    arguments: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    on_started: Callable[[int], None] = lambda process_id: None,
) -> FinishedEngine:
    """Run `pulumi`, and wait for its end; `on_started` is told its process id. Otherwise like `started_engine`."""
    with started_engine(environ, arguments, folder, variables) as running:
        on_started(running.process_id)
        return running.finished()


@contextmanager
def started_engine(
    environ: Mapping[str, str], arguments: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> Iterator[RunningEngine]:
    """Start `pulumi` with these arguments in `folder`. It has ended when the block does.

    Args:
        environ: what it is started with, but for what would change the meaning of its arguments.
        variables: put into that.

    Raises:
        EngineNotFound: PATH doesn't lead to it.
    """
    environment = {
        name: value
        for name, value in environ.items()
        if name not in UNWANTED_VARIABLES and not name.startswith(UNWANTED_PREFIX)
    }
    environment.update(variables)
    environment["PULUMI_SKIP_UPDATE_CHECK"] = "true"
    # Files, not pipes: writing into the pipe of a parent that died would kill the engine half-way through a
    # resource. So it sees the language runtime gone, finishes what it is doing, saves the state and unlocks.
    with TemporaryFile() as output, TemporaryFile() as errors:
        process = subprocess.Popen(
            [_executable(environ), *arguments, "--non-interactive", "--color=never"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            # A Ctrl-C of the terminal reaches this process alone, which hands it on once: a second one makes the
            # engine give up without finishing what it is doing.
            process_group=0,
        )
        try:
            yield RunningEngine(process, output, errors)
        finally:
            process.wait()


def _executable(environ: Mapping[str, str]) -> str:
    found = shutil.which("pulumi", path=environ.get("PATH", os.defpath))
    if found is None:
        raise EngineNotFound(
            "There is no `pulumi` on PATH, and nothing can be re-applied without it. Install the Pulumi CLI"
            " (https://www.pulumi.com/docs/install/) or put its folder on PATH."
        )
    return found


def _text(written: IO[bytes]) -> str:
    written.seek(0)
    return written.read().decode(errors="replace")
