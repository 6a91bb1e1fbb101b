"""`make test-crash`: every point of a rollback and of a recovery, going on where the last run ended.

The points are found by counting on until the operation ends without having been killed.
"""

import argparse
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import get_args

from tests.campaigns import Progress, say
from tests.unbreakable.calls import Kind
from tests.unbreakable.stage import Attempt, Operation, Point, Stage

OPERATIONS: tuple[Operation, ...] = get_args(Operation)
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Result:
    """One line of the progress file."""

    operation: Operation
    kind: Kind
    number: int
    killed_at: str | None
    problems: tuple[str, ...]
    seconds: float

    @property
    def point(self) -> Point:
        return Point(self.operation, self.kind, self.number)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make test-crash")
    parser.add_argument("--points", type=int, default=1000, help="how many at most, besides those known")
    chosen = parser.parse_args(arguments)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    progress = Progress(".unbreakable", Result, ("rollback_plugin", "tests/equivalence", "tests/unbreakable"))
    known = {result.point: result for result in progress.known()}
    say(f"{len(known)} points are known from {progress.shown}")
    for tried, result in enumerate(_tried(known), 1):
        known[result.point] = result
        progress.add(result)
        say(f"{result.operation}, {result.kind} {result.number}: {result.killed_at}  {result.seconds:.1f} s")
        for problem in result.problems:
            say(f"    {problem[:400]}")
        if tried == chosen.points:
            break
    return _conclusion(list(known.values()))


def _tried(known: dict[Point, Result]) -> Iterator[Result]:
    """Forth follows back, so that every point finds the stack as it needs it; a stage that broke is set up anew."""
    stage: Stage | None = None
    try:
        for kind in KINDS:
            for number in count(1):
                points = [Point(operation, kind, number) for operation in OPERATIONS]
                if any(point not in known for point in points):
                    for point in points:
                        stage = stage or Stage().__enter__()
                        try:
                            attempt = stage.tried(point)
                        except Exception:  # noqa: BLE001 - it is that point's result, and told in full
                            attempt = Attempt("?", (traceback.format_exc(),), 0.0)
                            stage.__exit__(None, None, None)
                            stage = None
                            yield _result(point, attempt)
                            break
                        yield _result(point, attempt)
                if all(known[point].killed_at is None for point in points if point in known):
                    break
    finally:
        if stage is not None:
            stage.__exit__(None, None, None)


def _result(point: Point, attempt: Attempt) -> Result:
    return Result(point.operation, point.kind, point.number, attempt.killed_at, attempt.problems, attempt.seconds)


def _conclusion(results: list[Result]) -> int:
    killed = [result for result in results if result.killed_at is not None]
    by_kind = Counter((result.operation, result.kind) for result in killed)
    for operation, kind in sorted(by_kind):
        say(f"{operation}, {kind}: {by_kind[operation, kind]} points")
    failed = [result for result in results if result.problems]
    say(f"{len(killed)} points, {len(failed)} failed, {sum(result.seconds for result in results):.0f} seconds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
