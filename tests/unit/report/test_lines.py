"""Tables and sentences as lines."""

import pytest

from rollback_plugin.report.lines import Column, Span, folded, line, table
from tests.unit.report.told import printed

COLUMNS = (Column("n", right=True), Column("what", folds=True), Column("end"))


def rows(*cells: tuple[str, str, str]) -> list[list[Span]]:
    return [[Span(cell) for cell in row] for row in cells]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert printed(table(COLUMNS, rows(("1", "a", "x"), ("10", "longer", "y")), None)) == [
        " n  what    end",
        " 1  a       x",
        "10  longer  y",
    ]


def test_a_cell_of_wide_signs_takes_two_cells_each() -> None:
    assert printed(table(COLUMNS, rows(("1", "注文", "x")), None)) == ["n  what  end", "1  注文  x"]


def test_what_is_said_in_sentences_is_folded_to_the_room_there_is() -> None:
    said = "no alarm while it baked, and it served what it had to"

    assert printed(table(COLUMNS, rows(("1", said, "yes")), 34)) == [
        "n  what                        end",
        "1  no alarm while it baked,    yes",
        "   and it served what it had",
        "   to",
    ]


def test_without_a_terminal_a_row_is_a_line() -> None:
    (_, row) = printed(table(COLUMNS, rows(("1", "word " * 100, "yes")), None))

    assert row.endswith("yes")


def test_nothing_follows_the_last_cell_that_says_something() -> None:
    assert printed(table(COLUMNS, rows(("1", "a", "")), None)) == ["n  what  end", "1  a"]


def test_without_rows_there_are_the_headings() -> None:
    assert printed(table(COLUMNS, [], None)) == ["n  what  end"]


@pytest.mark.parametrize(
    ("said", "width", "lines"),
    [
        ("short", 20, ["short"]),
        ("  - a reason of some length", 16, ["  - a reason of", "  some length"]),
    ],
)
def test_a_sentence_is_folded_below_its_own_beginning(said: str, width: int, lines: list[str]) -> None:
    assert printed(folded(line(said), width)) == lines
