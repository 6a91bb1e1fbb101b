"""Lines of styled text, for views that have to be there at once: rich takes longer to load than they take to be made,
and half a second for a table of a thousand rows.
"""

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from msgspec import Struct

GAP = "  "
NARROWEST = 20
"""A column is folded to no fewer cells, however little room there is."""


class Span(Struct, frozen=True):
    """Text in one style: a colour's name, `bold`, `dim`, `italic`, or several of them, as rich takes them too."""

    text: str
    style: str = ""

    @property
    def cells(self) -> int:
        """How many cells of a terminal it takes."""
        if self.text.isascii():
            return len(self.text)
        return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in self.text)


Line = tuple[Span, ...]


class Column(Struct, frozen=True):
    """How a column of a table is set."""

    heading: str
    right: bool = False
    folds: bool = False
    """Whether its cells take more than a line where there isn't enough room; of one column at most."""


def line(text: str, style: str = "") -> Line:
    """A line in one style."""
    return (Span(text, style),)


def table(columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int | None) -> Iterator[Line]:
    """Headings, and the rows below them.

    Args:
        width: cells there are for it; None where a row is a line, however long.
    """
    headings = [Span(column.heading, "bold") for column in columns]
    widths = [max(cell.cells for cell in cells) for cells in zip(headings, *rows, strict=True)]
    for number, column in enumerate(columns):
        if column.folds and width is not None:
            others = sum(widths) - widths[number] + len(GAP) * (len(widths) - 1)
            widths[number] = min(widths[number], max(width - others, NARROWEST))
    for row in (headings, *rows):
        yield from _set(columns, widths, row)


def folded(text: Line, width: int) -> Iterator[Line]:
    """The line in as many as it takes; those after the first are indented as it is. One of several spans stays."""
    if len(text) != 1 or text[0].cells <= width:
        yield text
        return
    indent = text[0].text[: len(text[0].text) - len(text[0].text.lstrip())]
    for part in textwrap.wrap(text[0].text, width, subsequent_indent=indent):
        yield line(part, text[0].style)


def _set(columns: Sequence[Column], widths: Sequence[int], row: Sequence[Span]) -> Iterator[Line]:
    for cells in _folded(columns, widths, row):
        spans: list[Span] = []
        for column, width, cell in zip(columns, widths, cells, strict=True):
            blank = " " * (width - cell.cells)
            spans += [Span(blank), cell, Span(GAP)] if column.right else [cell, Span(blank + GAP)]
        while spans and not spans[-1].text.strip():
            spans.pop()
        yield tuple(spans)


def _folded(columns: Sequence[Column], widths: Sequence[int], row: Sequence[Span]) -> Iterable[Sequence[Span]]:
    parts = {
        number: _parts(cell, widths[number])
        for number, cell in enumerate(row)
        if columns[number].folds and cell.cells > widths[number]
    }
    if not parts:
        return [row]
    return zip_longest(*(parts.get(number, [cell]) for number, cell in enumerate(row)), fillvalue=Span(""))


def _parts(cell: Span, width: int) -> list[Span]:
    return [Span(part, cell.style) for part in textwrap.wrap(cell.text, width)]
