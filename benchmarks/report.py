"""`python -m benchmarks.report` writes docs/benchmarks.md, its plots and what the README shows of them, from what
`make bench` kept alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import phases, rollback, storage
from benchmarks.plots import Plot, Point
from benchmarks.results import RESULTS, kept
from benchmarks.targets import Documents, Target, targets

ROOT = Path(__file__).parent.parent
PAGE, README = ROOT / "docs" / "benchmarks.md", ROOT / "README.md"
README_BEGIN, README_END = "<!-- figures, written by make bench-report -->", "<!-- end of figures -->"
TIME_PLOT, STORAGE_PLOT = "time-by-size.svg", "storage-by-versions.svg"
BYTES_PER_MIB = 2**20

_BEGIN = """# Figures

Written by `make bench-report` from the files that `make bench` leaves in `benchmarks/results`. Ways that are compared
were timed in turn, in one run on one machine. A ratio is that of two neighbours in time; given are minimum / median /
maximum over the repetitions. Judged is the median, or the p95 where it stands between median and maximum. AWS is the
embedded one, and the AWS provider its stand-in, for all ways alike.
"""

_LEFT = """## What is left, and why

- With few resources, two engines start, derive the key (slow on purpose, from a passphrase) and load the state at the
  same time: one opens the secrets of what is compared, the other begins the update. The update's own engine opens
  those of the stack's state, too, but hands none of them out before it is told what to register.
- Meanwhile the command imports typer, gRPC and its own modules; that, and no longer the secrets, is what the
  main thread is busy with until the update registers something.
- Where nobody planned a rollback or a recovery before, the command makes its plan, which is one more run of the engine.
  One run could do both; but then what the plan refuses would be refused with the stack locked and the operation begun.
- Where many resources change, the engine writes the whole state before and after each of them. From 20 updates on, with
  nothing made, replaced or deleted among them, the state is told of all at once instead, and written at the end. For
  what is made that can't be done: an engine that is killed would leave resources that no state knows.
- A command starts as fast as Python and typer do, which is half of what `pulumi version` takes.
- What `track()` adds is mostly being imported, and noting which value came from where.
"""


def main() -> None:
    documents = kept()
    PAGE.write_text(page(documents))
    README.write_text(readme(README.read_text(), documents))
    for name, svg in plots(documents).items():
        (RESULTS / name).write_text(svg)


def page(documents: Documents) -> str:
    """What docs/benchmarks.md says of these results."""
    pictures = _pictures(documents, "../benchmarks/results")
    return "\n".join([_BEGIN, *_reached(documents), *pictures, *_profile(documents), _LEFT, *_all(documents)])


def readme(text: str, documents: Documents) -> str:
    """The README with these results between its marks. Raises ValueError where it lacks them."""
    before, _, rest = text.partition(README_BEGIN)
    _, mark, after = rest.partition(README_END)
    if not mark:
        raise ValueError(f"{README.name} has no {README_BEGIN!r} with {README_END!r} after it")
    figures = "\n".join([*_table(documents), *_pictures(documents, "benchmarks/results")])
    return f"{before}{README_BEGIN}\n\n{figures}\n{README_END}{after}"


def plots(documents: Documents) -> dict[str, str]:
    """The SVG files for what was measured, by name."""
    drawn = {TIME_PLOT: _times(documents), STORAGE_PLOT: _storage(documents)}
    return {name: plot.svg() for name, plot in drawn.items() if plot.lines}


def _reached(documents: Documents) -> Iterator[str]:
    yield "## What is to be reached, and what came out\n"
    yield from _table(documents)


def _table(documents: Documents) -> Iterator[str]:
    yield "| what | beside | to reach | came out | |"
    yield "|---|---|---|---|---|"
    for target in targets():
        yield _row(target, documents)
    yield ""


def _row(target: Target, documents: Documents) -> str:
    outcomes = [(case, case.outcome(documents)) for case in target.cases]
    lines = [
        f"{case.label}: {found}" if case.label else found
        for case, outcome in outcomes
        for found in ["not measured" if outcome is None else outcome.text + ("" if outcome.met else " (not met)")]
    ]
    known = [outcome for _, outcome in outcomes if outcome is not None]
    if not known:
        lines, verdict = [], "not measured"
    elif not all(outcome.met for outcome in known):
        verdict = "**not met**" if not any(outcome.met for outcome in known) else "**not met everywhere**"
    else:
        verdict = "met" if len(known) == len(outcomes) else "met where measured"
    return f"| {target.what} | {target.beside} | {target.to_reach} | {'<br>'.join(lines)} | {verdict} |"


def _pictures(documents: Documents, results: str) -> Iterator[str]:
    there = plots(documents)
    for name, what in ((TIME_PLOT, "Time by the size of the stack"), (STORAGE_PLOT, "Storage by number of versions")):
        if name in there:
            yield f"![{what}]({results}/{name})\n"


def _profile(documents: Documents) -> Iterator[str]:
    figures = documents.get("profile", {}).get("figures", {})
    if not figures:
        return
    yield f"## Where the time of a rollback of {phases.RESOURCES} resources goes\n"
    for way, rows in figures.items():
        whole = rows[phases.WHOLE]["wall_seconds"]["median"]
        yield f"`rollback undo`, {way}:\n"
        yield "| phase | ms, minimum / median / maximum | of the median |"
        yield "|---|---|---|"
        for phase, row in rows.items():
            yield f"| {phase} | {_milliseconds(row)} | {100 * row['wall_seconds']['median'] / whole:.0f} % |"
        yield ""


def _all(documents: Documents) -> Iterator[str]:
    if not documents:
        return
    yield "## All figures\n"
    for name, document in documents.items():
        machine = document["machine"]
        yield f"### {name}\n"
        yield (
            f"Measured {document['measured_at']} at commit {document['commit']}, on {machine['processors']} processors"
            f" ({machine['processor']}, {machine['memory_gib']} GiB), {machine['system']}, Python {machine['python']},"
            f" engine {machine['engine']}; load at the end {machine['load_at_the_end']}.\n"
        )
        yield "| of | | ms, minimum / median / maximum | repetitions |"
        yield "|---|---|---|---|"
        for size, rows in document["figures"].items():
            for way, row in rows.items():
                yield f"| {size} | {way} | {_shown(row)} | {row.get('repetitions', '')} |"
        yield ""


def _shown(row: Mapping[str, Any]) -> str:
    if "value" in row:
        return f"{row['value']:,} {row['unit']}"
    if "times" in row:
        times = row["times"]
        return f"{times['minimum']:.2f} / {times['median']:.2f} / {times['maximum']:.2f} times"
    return _milliseconds(row)


def _milliseconds(row: Mapping[str, Any]) -> str:
    seconds = row["wall_seconds"]
    return " / ".join(f"{1000 * seconds[name]:,.0f}" for name in ("minimum", "median", "maximum"))


def _times(documents: Documents) -> Plot:
    lines: dict[str, list[Point]] = {}
    for way in (rollback.UNDO, rollback.RECOVER, rollback.FLOOR, rollback.WARM, rollback.FRESH):
        for size in rollback.SIZES:
            figures = documents.get(rollback.benchmark_of(size), {}).get("figures", {})
            row = figures.get(rollback.name_of(size, rollback.ONE), {}).get(way)
            if row is not None:
                lines.setdefault(way, []).append((size, row["wall_seconds"]["median"]))
    return Plot("Median time, 1 resource changed", "resources", "seconds", lines)


def _storage(documents: Documents) -> Plot:
    figures = documents.get("storage", {}).get("figures", {})
    lines: dict[str, list[Point]] = {}
    for versions, rows in figures.items():
        for way, name in ((storage.COPIES, "copies of the checkpoints"), (storage.KEPT, "versions as they are kept")):
            lines.setdefault(name, []).append((int(versions), rows[way]["value"] / BYTES_PER_MIB))
    title = f"What versions of {storage.RESOURCES:,} resources take, {storage.CHANGED} changed in each"
    return Plot(title, "versions", "MiB", lines)


if __name__ == "__main__":
    main()
