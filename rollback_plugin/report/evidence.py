"""What a judgement rested on, for people."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.evidence import AlarmEvidence, Evidence

_STYLES = {AlarmState.ALARM: "bold red", AlarmState.OK: "green", AlarmState.INSUFFICIENT_DATA: "yellow"}


def evidence_view(evidence: Evidence) -> RenderableType:
    """Alarm by alarm: its state, what it compared, its history, matching log lines; then requests and what lacks."""
    lines = [
        Text(f"Evidence on version {evidence.version}, gathered {evidence.gathered_at:%Y-%m-%d %H:%M:%S} UTC", "bold")
    ]
    for alarm in evidence.alarms:
        lines += _alarm(alarm)
    lines += [
        Text(
            f"{each.service}: version {each.version} (function version {each.function_version}) answered "
            f"{each.requests} requests"
        )
        for each in evidence.requests
    ]
    lines += [Text(f"Not gathered: {why}", style="yellow") for why in evidence.lacking]
    return Group(*lines)


def _alarm(alarm: AlarmEvidence) -> Iterator[Text]:
    because = f", because of {', '.join(alarm.because)}" if alarm.because else ""
    yield Text(f"{alarm.alarm}: {alarm.state.value} since {alarm.since:%H:%M:%S}{because}", style=_STYLES[alarm.state])
    if alarm.compared_with:
        yield Text(f"  {alarm.compared_with}")
    if alarm.explanation:
        yield Text(f"  {alarm.explanation}", style="dim")
    if alarm.values:
        yield Text("  values  " + "  ".join(f"{value.at:%H:%M:%S} {value.value:g}" for value in alarm.values))
    for item in alarm.history:
        yield Text(f"  {item.at:%H:%M:%S}  {item.summary}")
    for excerpt in alarm.log:
        yield Text(f"  {len(excerpt.lines)} lines of {excerpt.group} match {excerpt.pattern}")
        for line in excerpt.lines:
            yield Text(f"    {line.at:%H:%M:%S}  {line.message}", style="dim")
