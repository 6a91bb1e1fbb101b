"""A stack's history and its status, as tables for people."""

from collections.abc import Sequence
from itertools import islice

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.history import HistoryRow
from rollback_plugin.journal.status import Pruning, Question, Status
from rollback_plugin.report.detection import detection_view
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


def history_table(rows: Sequence[HistoryRow]) -> Table:
    """What was applied to the stack, oldest first. Only what is said in sentences takes more than a line."""
    table = Table(title="History", title_justify="left", box=None, pad_edge=False)
    planned = any(row.way_back is not None for row in rows)
    for column in ("time (UTC)", "kind", "version", "verdict", "why", *(["way back"] if planned else [])):
        table.add_column(
            column, justify="right" if column == "version" else "left", no_wrap=column != "why", overflow="fold"
        )
    for row in rows:
        version = str(row.version) if row.undoes is None else f"{row.undoes} → {row.version}"
        if row.keeping is not None:
            version = f"{row.version} + {row.keeping}"
        verdict = Text(str(row.verdict), style=VERDICT_STYLES.get(str(row.verdict), ""))
        # As texts, not as markup: names of alarms may have brackets.
        table.add_row(
            Text(f"{row.time:%y-%m-%d %H:%M:%S}"),
            Text(str(row.kind)),
            Text(version),
            verdict,
            Text(_told(row.reason, row.pruned)),
            way_back_in_short(row.way_back),
        )
    return table


def status_view(stack: StackName, status: Status) -> RenderableType:
    """The version that runs, verdicts on the newest versions, alarms that ring, and what is under way or was held."""
    if status.applied is None:
        return Text(f"{stack}: no deploy was recorded yet. Run `rollback record` after `pulumi up`.")
    versions = Table(box=None, pad_edge=False)
    for column in ("version", "verdict", "why"):
        versions.add_column(column, justify="right" if column == "version" else "left")
    shown = tuple(islice(reversed(status.versions), VERSIONS_SHOWN))[::-1]
    for version in shown:
        verdict = Text(version.verdict.value, style=VERDICT_STYLES.get(version.verdict.value, ""))
        versions.add_row(Text(str(version.number)), verdict, Text(_told(version.reason, version.pruned)))
    kept = "" if status.keeping is None else f" with what version {status.keeping.version} had changed"
    lines: list[RenderableType] = [
        Text(f"{stack} runs version {status.applied}{kept}; the newest is {status.newest}.", style="bold"),
        versions,
    ]
    if len(shown) < len(status.versions):
        lines.insert(1, Text(f"The last {len(shown)} of {len(status.versions)}; `rollback history` has all.", "dim"))
    way_back = status.version(status.applied).way_back
    if way_back is not None:
        lines.append(way_back_view(way_back))
    detection = status.version(status.applied).detection
    if detection is not None:
        lines.append(detection_view(detection))
    if status.operation is not None:
        operation = status.operation
        lines.append(
            Text(f"A {operation.kind} to version {operation.target} is under way, by {operation.actor}.", style="cyan")
        )
    if status.verifying is not None:
        lines.append(Text(f"The rollback to version {status.verifying.target} is being verified.", style="cyan"))
    lines.extend(
        Text(f"Alarm {name} rings since {alarm.since:%Y-%m-%d %H:%M:%S} UTC.", style="bold red")
        for name, alarm in sorted(status.alarms.items())
        if alarm.state is AlarmState.ALARM
    )
    if status.last_failure is not None:
        lines.append(Text(f"The last {status.last_failure.operation.kind} failed: {status.last_failure.error}", "red"))
    if status.freeze is not None:
        until = status.freeze.began.until
        lasts = "until somebody ends it" if until is None else f"until {until:%Y-%m-%d %H:%M} UTC"
        lines.append(Text(f"Frozen {lasts}, by {status.freeze.by}. {status.freeze.began.explanation}".rstrip(), "cyan"))
    if status.question is not None:
        lines.append(Text(_question(status.question), style="bold yellow"))
    if status.held is not None:
        lines.append(Text(f"Held ({status.held.reason.value}): {status.held.explanation}", style="yellow"))
    return Group(*lines)


def _told(reason: str, pruned: Pruning | None) -> str:
    return reason if pruned is None else f"{reason}; pruned {pruned.at:%Y-%m-%d %H:%M} UTC"


def _question(question: Question) -> str:
    asked = f"since {question.at:%Y-%m-%d %H:%M:%S} UTC ({question.asked.reason.value}): {question.asked.explanation}"
    if question.answer is None:
        return f"Asked {asked}"
    answer = "approved" if question.answer.approved else "denied"
    why = f": {question.answer.explanation}" if question.answer.explanation else ""
    return f"Asked {asked} {question.answered_by} {answer} it{why}."
