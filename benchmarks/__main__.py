"""`python -m benchmarks [name …]`: measure, show, and keep what came out."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import journal, plan, rollback, startup, storage, storm, watch
from benchmarks.timing import Counted, Figures, Row, keep

BENCHMARKS: Mapping[str, Callable[[], Mapping[str, Mapping[str, Row]]]] = {
    "journal": journal.measured,
    "plan": plan.measured,
    "rollback": rollback.measured,
    "startup": startup.measured,
    "storage": storage.measured,
    "storm": storm.measured,
    "watch": watch.measured,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; without one, all")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    console = Console()
    for name in names:
        rows = BENCHMARKS[name]()
        console.print(_table(name, rows))
        console.print(f"kept in {keep(name, rows).relative_to(Path.cwd())}\n")


def _table(name: str, rows: Mapping[str, Mapping[str, Row]]) -> Table:
    table = Table(title=f"{name}: seconds, minimum / median / maximum", title_justify="left", box=None, pad_edge=False)
    for column in ("of", "", "waited", "processor"):
        table.add_column(column, no_wrap=True)
    for size, ways in rows.items():
        for way, row in ways.items():
            if isinstance(row, Counted):
                table.add_row(size, way, f"{row.value:,} {row.unit}", "")
            else:
                table.add_row(size, way, _words(row.wall_seconds), _words(row.processor_seconds))
    return table


def _words(figures: Figures | None) -> str:
    if figures is None:
        return ""
    return f"{figures.minimum:.3f} / {figures.median:.3f} / {figures.maximum:.3f}"


if __name__ == "__main__":
    main()
