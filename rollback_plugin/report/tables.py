"""A stack's history, its status and a plan, as tables for people."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from rollback_plugin.journal.history import HistoryRow

_VERDICT_STYLES = {
    "healthy": "green",
    "helped": "green",
    "done": "green",
    "quarantined": "bold red",
    "failed": "bold red",
    "suspect": "red",
    "baking": "cyan",
    "in_progress": "cyan",
}


def history_table(rows: Sequence[HistoryRow]) -> Table:
    """What was applied to the stack, oldest first."""
    table = Table(title="History", title_justify="left", box=None, pad_edge=False)
    for column in ("time (UTC)", "kind", "version", "verdict", "why"):
        table.add_column(column, justify="right" if column == "version" else "left")
    for row in rows:
        version = str(row.version) if row.undoes is None else f"{row.undoes} → {row.version}"
        verdict = Text(str(row.verdict), style=_VERDICT_STYLES.get(str(row.verdict), ""))
        table.add_row(f"{row.time:%Y-%m-%d %H:%M:%S}", str(row.kind), version, verdict, row.reason)
    return table
