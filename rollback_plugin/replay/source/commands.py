"""Other people's commands (git, pip, uv, poetry), run unattended."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TOLD_LINES = 3
"""The end of what a tool said is where it says why it failed."""


class CommandFailed(Exception):
    """The command isn't there, took too long, or failed; the message is the end of what it said, in one line."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, where, with which environment, for how long at most."""

    arguments: Sequence[str | Path]
    folder: Path
    environment: Mapping[str, str]
    timeout_seconds: float


def run(command: Command) -> str:
    """What it printed. It has no terminal, so it fails where it would ask for a password. Raises `CommandFailed`."""
    try:
        ended = subprocess.run(
            command.arguments,
            cwd=command.folder,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=command.timeout_seconds,
            # Without a session of its own it would find the terminal even so (ssh opens /dev/tty).
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"it took longer than {command.timeout_seconds:.0f} s") from None
    except OSError as error:
        raise CommandFailed(f"it can't be run: {error.strerror}") from None
    if ended.returncode != 0:
        raise CommandFailed(_end_of(ended.stderr) or _end_of(ended.stdout) or f"exit code {ended.returncode}")
    return ended.stdout


def _end_of(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return _without_credentials(" / ".join(lines[-TOLD_LINES:])).rstrip(".")


def _without_credentials(text: str) -> str:
    """Package indexes and remotes are often given with a password or token in their address."""
    return re.sub(r"(?<=://)[^/\s@]+@", "", text)
