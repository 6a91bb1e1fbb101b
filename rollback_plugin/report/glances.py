"""All stacks of a store as one table."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from rollback_plugin.journal.overview import Glance
from rollback_plugin.report.tables import VERDICT_STYLES
from rollback_plugin.report.way_back import STYLES

_COLUMNS = ("stack", "runs", "verdict", "ringing", "under way", "to look at", "way back")


def glances_table(glances: Sequence[Glance]) -> RenderableType:
    """A row for each stack; for one that can't be read, why."""
    if not glances:
        return Text("No stack has a version in this store yet. Run `rollback record` after `pulumi up`.")
    table = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column)
    for row in glances:
        if row.error is not None:
            table.add_row(str(row.stack), "", Text("unreadable", style="bold red"), "", "", Text(row.error, "red"), "")
        else:
            table.add_row(
                str(row.stack),
                _runs(row),
                "" if row.verdict is None else Text(row.verdict.value, style=VERDICT_STYLES.get(row.verdict.value, "")),
                Text(", ".join(row.ringing), style="bold red"),
                Text(row.operation or "", style="cyan"),
                Text(_to_look_at(row), style="yellow"),
                Text("") if row.way_back is None else Text(row.way_back.words, style=STYLES[row.way_back]),
            )
    return table


def _runs(row: Glance) -> str:
    if row.applied is None:
        return "nothing recorded"
    return str(row.applied) if row.applied == row.newest else f"{row.applied} (newest {row.newest})"


def _to_look_at(row: Glance) -> str:
    asked = [] if row.asked is None else [f"asked: {row.asked}?"]
    frozen = ["frozen"] if row.frozen else []
    held = [] if row.held is None else [f"held: {row.held.value}"]
    failed = ["the last operation failed"] if row.failed else []
    return ", ".join([*asked, *frozen, *held, *failed])
