"""What long runs share: a file of what came out so far, and lines that are seen at once.

The file is named after the code it was tried with, so that results of other code are never taken for this one's.
"""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from rollback_plugin.stored import read

ROOT = Path(__file__).parents[1]

Result = TypeVar("Result")


class Progress(Generic[Result]):
    """The results of a run, one JSON object a line. A run that is started again goes on after them."""

    def __init__(self, name: str, of: type[Result], code: Sequence[str]) -> None:
        """name: of the folder, below the repository's root. code: folders whose Python files the results are about."""
        self._path = ROOT / name / f"{_digest(code)}.jsonl"
        self._path.parent.mkdir(exist_ok=True)
        self._of = of

    @property
    def shown(self) -> str:
        """The file, as people look for it."""
        return str(self._path.relative_to(ROOT))

    def known(self) -> Iterator[Result]:
        """Every result so far, in the order it came."""
        if self._path.exists():
            for line in self._path.read_bytes().splitlines():
                yield read(line, self._of)

    def add(self, result: Result) -> None:
        """Keep one more."""
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(result) + b"\n")


def say(line: str) -> None:
    """A line for whoever waits."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _digest(folders: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]
