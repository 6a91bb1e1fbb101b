"""docs/benchmarks.md says what the results say, no more and no less."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks import rollback, startup, storage, traffic
from benchmarks.plots import Plot
from benchmarks.report import PAGE, README, README_BEGIN, README_END, STORAGE_PLOT, TIME_PLOT, page, plots, readme
from benchmarks.results import RESULTS, kept
from benchmarks.targets import targets
from benchmarks.timing import Counted, Figures, Measured, compared

SVG = "{http://www.w3.org/2000/svg}"


def test_page_and_plots_are_those_of_the_results() -> None:
    documents = kept()

    assert PAGE.read_text() == page(documents), "run `make bench-report`"
    assert README.read_text() == readme(README.read_text(), documents), "run `make bench-report`"
    assert {file.name: file.read_text() for file in RESULTS.glob("*.svg")} == plots(documents)


def test_without_results_nothing_is_said_to_be_met() -> None:
    rows = _rows(page({}))

    assert len(rows) == len(list(targets()))
    assert {row[-1] for row in rows} == {"not measured"}
    assert plots({}) == {}


def test_the_readme_keeps_its_words_around_the_figures() -> None:
    text = f"before\n{README_BEGIN}\nof another day\n{README_END}\nafter\n"

    told = readme(text, {})

    assert told.startswith(f"before\n{README_BEGIN}\n\n| what |")
    assert told.endswith(f"{README_END}\nafter\n")
    assert "of another day" not in told


def test_a_readme_without_the_marks_is_left_as_it_is() -> None:
    with pytest.raises(ValueError, match="end of figures"):
        readme(f"{README_BEGIN}\nall that follows would be lost\n", {})


@pytest.mark.parametrize(("times", "verdict"), [(1.0, "met"), (1.01, "**not met**")])
def test_a_ratio_is_met_up_to_its_limit(times: float, verdict: str) -> None:
    row = _row_of(
        "`rollback status`", {"startup": {startup.SIZE: {f"{startup.STATUS} / {startup.ENGINE}": _times(times)}}}
    )

    assert row[-1] == verdict


def test_what_has_to_be_faster_is_met_from_its_limit_and_every_size_counts() -> None:
    # Given a rollback that is fast enough with 10 resources, and not with 100
    way = f"{rollback.WARM} / {rollback.UNDO}"
    sizes = {
        rollback.benchmark_of(size): {rollback.name_of(size, rollback.ONE): {way: _times(times)}}
        for size, times in ((10, 2.0), (100, 2.4))
    }

    # When that is told
    row = _row_of("whole rollback", sizes, beside=rollback.WARM)

    # Then both are, and neither speaks for the other, nor for sizes that were not measured
    assert "10, 1 changed: 2.00 / 2.00 / 2.00 times<br>" in row[3]
    assert "100, 1 changed: 2.40 / 2.40 / 2.40 times (not met)" in row[3]
    assert "500, 1 changed: not measured" in row[3]
    assert row[-1] == "**not met everywhere**"


def test_consumers_are_judged_by_the_p95() -> None:
    # Given that one of ten moves, and so the p95 of ten, takes too long
    seconds = _seconds(*[0.02] * 9, 0.2)

    row = _row_of("alarm seen", {"traffic": {"10": {traffic.SEEN_TO_MOVED: seconds}}})

    assert "20 / 20 / 200 / 200 ms (not met)" in row[3]
    assert row[-1] == "**not met**"


def test_what_was_not_measured_everywhere_is_not_said_to_be_met_everywhere() -> None:
    row = _row_of("alarm seen", {"traffic": {"10": {traffic.SEEN_TO_MOVED: _seconds(0.02)}}})

    assert row[-1] == "met where measured"


def test_plots_have_a_point_for_each_size_that_was_measured() -> None:
    # Given rollbacks of two sizes, and a store with two numbers of versions
    sizes = {
        rollback.benchmark_of(size): {rollback.name_of(size, rollback.ONE): {rollback.UNDO: _seconds(1.0)}}
        for size in (10, 100)
    }
    versions = {number: {way: _count(2**20) for way in (storage.COPIES, storage.KEPT)} for number in ("1", "1000")}

    drawn = plots(_documents({**sizes, "storage": versions}))

    points = {name: len(list(ET.fromstring(svg).iter(f"{SVG}circle"))) for name, svg in drawn.items()}  # noqa: S314
    assert points == {TIME_PLOT: 2, STORAGE_PLOT: 4}


def test_a_plot_is_logarithmic_both_ways() -> None:
    svg = Plot("title", "x", "y", {"a < b": [(10, 1), (100, 10), (1000, 100)]}).svg()

    places = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in ET.fromstring(svg).iter(f"{SVG}circle")]  # noqa: S314
    (first, second, third) = places
    assert second == pytest.approx([(a + b) / 2 for a, b in zip(first, third, strict=True)])
    assert first[0] < third[0]
    assert first[1] > third[1]


def test_the_p95_is_exceeded_by_five_in_a_hundred() -> None:
    assert Figures.of([float(number) for number in range(1, 101)]).p95 == 95.0
    assert Figures.of([1.0, 2.0, 3.0]).p95 == 3.0


def test_a_repetition_is_compared_with_its_neighbour() -> None:
    # Given a machine that gets slower, for both ways alike
    one, other = Measured.of([2.0, 20.0, 200.0]), Measured.of([1.0, 10.0, 100.0])

    assert compared(one, other).times == Figures(2.0, 2.0, 2.0, 2.0)


def _row_of(what: str, figures: dict[str, Any], beside: str = "") -> list[str]:
    rows = [row for row in _rows(page(_documents(figures))) if row[0].startswith(what) and beside in row[1]]
    return rows[0]


def _rows(text: str) -> list[list[str]]:
    """Of the first table, without its head."""
    table = text.split("## What is to be reached")[1].split("\n\n")[1]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def _documents(figures: dict[str, Any]) -> dict[str, Any]:
    machine = {"processors": 2, "processor": "x", "memory_gib": 8, "system": "Linux", "python": "3.12", "engine": "v3"}
    about = {
        "measured_at": "2026-01-01T00:00:00+00:00",
        "commit": "abc",
        "machine": {**machine, "load_at_the_end": 0.1},
    }
    return {name: {**about, "figures": sizes} for name, sizes in figures.items()}


def _times(value: float) -> dict[str, Any]:
    return {"times": dict.fromkeys(("minimum", "median", "p95", "maximum"), value)}


def _seconds(*taken: float) -> dict[str, Any]:
    measured = Measured.of(taken)
    figures = measured.wall_seconds
    names = ("minimum", "median", "p95", "maximum")
    return {"repetitions": measured.repetitions, "wall_seconds": {name: getattr(figures, name) for name in names}}


def _count(value: float) -> dict[str, Any]:
    counted = Counted(value, "bytes")
    return {"value": counted.value, "unit": counted.unit}
