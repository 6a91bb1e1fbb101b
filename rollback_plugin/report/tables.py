"""A stack's history and its status, as tables for people."""

from collections.abc import Iterator, Sequence
from itertools import islice

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.history import HistoryRow
from rollback_plugin.journal.status import Pruning, Question, Status
from rollback_plugin.report.detection import detection_view
from rollback_plugin.report.lines import Column, Line, Span, line, table
from rollback_plugin.report.way_back import way_back_in_short, way_back_view
from rollback_plugin.stack import StackName

VERSIONS_SHOWN = 20
"""In a status, the newest: a stack of years has thousands, and a table of them takes seconds."""

VERDICT_STYLES = {
    "healthy": "green",
    "helped": "green",
    "done": "green",
    "quarantined": "bold red",
    "failed": "bold red",
    "suspect": "red",
    "baking": "cyan",
    "in_progress": "cyan",
}


def history_table(rows: Sequence[HistoryRow], width: int | None = None) -> Iterator[Line]:
    """What was applied to the stack, oldest first. Only what is said in sentences is folded to `width`."""
    planned = any(row.way_back is not None for row in rows)
    columns = [
        Column("time (UTC)"),
        Column("kind"),
        Column("version", right=True),
        Column("verdict"),
        Column("why", folds=True),
        *([Column("way back")] if planned else []),
    ]
    yield line("History", "italic")
    yield from table(columns, [_history_row(row)[: len(columns)] for row in rows], width)


def _history_row(row: HistoryRow) -> tuple[Span, ...]:
    version = str(row.version) if row.undoes is None else f"{row.undoes} → {row.version}"
    if row.keeping is not None:
        version = f"{row.version} + {row.keeping}"
    return (
        Span(f"{row.time:%y-%m-%d %H:%M:%S}"),
        Span(row.kind),
        Span(version),
        _verdict(str(row.verdict)),
        Span(_told(row.reason, row.pruned)),
        way_back_in_short(row.way_back),
    )


def _verdict(verdict: str) -> Span:
    return Span(verdict, VERDICT_STYLES.get(verdict, ""))


def status_view(stack: StackName, status: Status, width: int | None = None) -> Iterator[Line]:
    """The version that runs, verdicts on the newest versions, alarms that ring, and what is under way or was held."""
    if status.applied is None:
        yield line(f"{stack}: no deploy was recorded yet. Run `rollback record` after `pulumi up`.")
        return
    kept = "" if status.keeping is None else f" with what version {status.keeping.version} had changed"
    yield line(f"{stack} runs version {status.applied}{kept}; the newest is {status.newest}.", "bold")
    shown = tuple(islice(reversed(status.versions), VERSIONS_SHOWN))[::-1]
    if len(shown) < len(status.versions):
        yield line(f"The last {len(shown)} of {len(status.versions)}; `rollback history` has all.", "dim")
    rows = [
        (Span(str(version.number)), _verdict(version.verdict.value), Span(_told(version.reason, version.pruned)))
        for version in shown
    ]
    yield from table([Column("version", right=True), Column("verdict"), Column("why", folds=True)], rows, width)
    applied = status.version(status.applied)
    if applied.way_back is not None:
        yield from way_back_view(applied.way_back)
    if applied.detection is not None:
        yield from detection_view(applied.detection)
    yield from _going_on(status)


def _going_on(status: Status) -> Iterator[Line]:
    if status.operation is not None:
        operation = status.operation
        yield line(f"A {operation.kind} to version {operation.target} is under way, by {operation.actor}.", "cyan")
    if status.verifying is not None:
        yield line(f"The rollback to version {status.verifying.target} is being verified.", "cyan")
    for name, alarm in sorted(status.alarms.items()):
        if alarm.state is AlarmState.ALARM:
            yield line(f"Alarm {name} rings since {alarm.since:%Y-%m-%d %H:%M:%S} UTC.", "bold red")
    if status.last_failure is not None:
        yield line(f"The last {status.last_failure.operation.kind} failed: {status.last_failure.error}", "red")
    if status.freeze is not None:
        until = status.freeze.began.until
        lasts = "until somebody ends it" if until is None else f"until {until:%Y-%m-%d %H:%M} UTC"
        yield line(f"Frozen {lasts}, by {status.freeze.by}. {status.freeze.began.explanation}".rstrip(), "cyan")
    if status.question is not None:
        yield line(_question(status.question), "bold yellow")
    if status.held is not None:
        yield line(f"Held ({status.held.reason.value}): {status.held.explanation}", "yellow")


def _told(reason: str, pruned: Pruning | None) -> str:
    return reason if pruned is None else f"{reason}; pruned {pruned.at:%Y-%m-%d %H:%M} UTC"


def _question(question: Question) -> str:
    asked = f"since {question.at:%Y-%m-%d %H:%M:%S} UTC ({question.asked.reason.value}): {question.asked.explanation}"
    if question.answer is None:
        return f"Asked {asked}"
    answer = "approved" if question.answer.approved else "denied"
    why = f": {question.answer.explanation}" if question.answer.explanation else ""
    return f"Asked {asked} {question.answered_by} {answer} it{why}."
