"""`python -m benchmarks [--quick] [name …]`: measure, show, and keep what came out."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import journal, memory, phases, plan, recording, rollback, startup, storage, storm, traffic, watch
from benchmarks.results import Rows, keep
from benchmarks.timing import Compared, Counted, Figures, Row

BENCHMARKS: Mapping[str, Callable[[bool], Rows]] = {
    "journal": journal.measured,
    "memory": memory.measured,
    "plan": plan.measured,
    "profile": phases.measured,
    "recording": recording.measured,
    **rollback.benchmarks(),
    "startup": startup.measured,
    "storage": storage.measured,
    "storm": storm.measured,
    "traffic": traffic.measured,
    "watch": watch.measured,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; without one, all")
    parser.add_argument(
        "--quick", action="store_true", help="the smallest sizes, twice: whether it runs, not how fast it is"
    )
    arguments = parser.parse_args()
    names = arguments.names or list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    console = Console()
    for name in names:
        rows = BENCHMARKS[name](arguments.quick)
        console.print(_table(name, rows))
        console.print(f"kept in {keep(name, rows, quick=arguments.quick).relative_to(Path.cwd())}\n")


def _table(name: str, rows: Rows) -> Table:
    table = Table(title=f"{name}: seconds, minimum / median / maximum", title_justify="left", box=None, pad_edge=False)
    for column in ("of", "", "waited", "processor"):
        table.add_column(column, no_wrap=True)
    for size, ways in rows.items():
        for way, row in ways.items():
            table.add_row(size, way, *_cells(row))
    return table


def _cells(row: Row) -> tuple[str, str]:
    match row:
        case Counted():
            return f"{row.value:,} {row.unit}", ""
        case Compared():
            return f"{_words(row.times)} times", ""
        case _:
            return _words(row.wall_seconds), "" if row.processor_seconds is None else _words(row.processor_seconds)


def _words(figures: Figures) -> str:
    return f"{figures.minimum:.3f} / {figures.median:.3f} / {figures.maximum:.3f}"


if __name__ == "__main__":
    main()
