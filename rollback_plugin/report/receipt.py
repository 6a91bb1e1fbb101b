"""The receipt: what consumers noticed, how long each part took, and whether everything promised happened."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rollback_plugin.journal.history import HistoryRow
from rollback_plugin.report.incident import IncidentTimes
from rollback_plugin.report.tables import history_table


class Cause(StrEnum):
    """Why a request failed. What neither the bad version nor the dependency explains is held against the rollback."""

    BAD_VERSION = "bad_version"
    DEPENDENCY = "dependency"
    ROLLBACK = "rollback_or_recovery"


@dataclass(frozen=True, slots=True)
class Tally:
    """Requests of one stretch of time: how many were sent, who answered, and why some failed."""

    sent: int
    answered_by: Mapping[str, int]
    failed: Mapping[Cause, int]

    @staticmethod
    def of(outcomes: Iterable[tuple[str, Cause | None]]) -> "Tally":
        """Count (who answered, why it failed or None) pairs; every cause is in the result, zero included."""
        sent = list(outcomes)
        failures = Counter(cause for _, cause in sent if cause)
        return Tally(
            sent=len(sent),
            answered_by=dict(sorted(Counter(who for who, _ in sent).items())),
            failed={cause: failures[cause] for cause in Cause},
        )


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: its name, its times, and what consumers met between the deploy and the all-clear."""

    title: str
    times: IncidentTimes
    requests: Tally


@dataclass(frozen=True, slots=True)
class Check:
    """Something that had to happen, and what was found."""

    expected: str
    held: bool
    found: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of a run."""

    incidents: tuple[Incident, ...]
    requests: Tally
    history: tuple[HistoryRow, ...]
    checks: tuple[Check, ...]
    duration_seconds: float

    @property
    def holds(self) -> bool:
        """Whether all that was expected happened."""
        return all(check.held for check in self.checks)

    def as_json(self) -> dict[str, object]:
        """JSON-ready; times in seconds."""
        return asdict(self) | {"holds": self.holds}


_PARTS = (
    ("detect", "first failed request → alarm seen", "detect_seconds"),
    ("decide", "alarm seen → rollback begun", "decide_seconds"),
    ("shift traffic", "→ consumers on the previous version", "shift_seconds"),
    ("re-apply", "→ the stack agrees", "reapply_seconds"),
    ("verify", "→ alarms judged", "verify_seconds"),
    ("recover", "→ the newest version is back", "recover_seconds"),
)


def render(receipt: Receipt) -> RenderableType:
    """The receipt as a person reads it."""
    return Group(
        Text("\nReceipt\n", style="bold"),
        _times(receipt.incidents),
        Text(),
        _requests(receipt),
        Text("answered by " + ", ".join(f"{who}: {count}" for who, count in receipt.requests.answered_by.items())),
        Text(),
        _history(receipt.history),
        Text(),
        _checks(receipt.checks),
        Text(f"\n{receipt.duration_seconds:.0f} s in all.", style="dim"),
    )


def _history(rows: Sequence[HistoryRow]) -> Text:
    lines = history_table(rows)
    return Text("\n").join(Text.assemble(*((span.text, span.style) for span in line)) for line in lines)


def _times(incidents: Sequence[Incident]) -> Table:
    table = Table(title="Time per part (seconds)", title_justify="left", box=None, pad_edge=False)
    table.add_column("part")
    table.add_column("from → to", style="dim")
    for incident in incidents:
        table.add_column(incident.title, justify="right")
    for name, meaning, attribute in _PARTS:
        values = [getattr(incident.times, attribute) for incident in incidents]
        table.add_row(name, meaning, *("-" if value is None else f"{value:.2f}" for value in values))
    return table


def _requests(receipt: Receipt) -> Table:
    table = Table(title="Requests", title_justify="left", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    tallies = [*((incident.title, incident.requests) for incident in receipt.incidents), ("in all", receipt.requests)]
    for title, _ in tallies:
        table.add_column(title, justify="right")
    table.add_row("sent", *(str(tally.sent) for _, tally in tallies))
    for cause, words in (
        (Cause.BAD_VERSION, "failed because of the bad version"),
        (Cause.DEPENDENCY, "failed because of the dependency"),
        (Cause.ROLLBACK, "failed because of the rollback or the recovery"),
    ):
        style = "bold red" if cause is Cause.ROLLBACK and receipt.requests.failed[cause] else None
        table.add_row(words, *(str(tally.failed[cause]) for _, tally in tallies), style=style)
    return table


def _checks(checks: Sequence[Check]) -> Table:
    table = Table(title="Expected", title_justify="left", box=None, pad_edge=False, show_header=False)
    for check in checks:
        mark = Text("✓", style="green") if check.held else Text("✗", style="bold red")
        table.add_row(mark, check.expected, Text("" if check.held else check.found, style="red"))
    return table
