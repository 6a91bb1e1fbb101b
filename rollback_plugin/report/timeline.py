"""One line of words for each thing that happened, for a person following along."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from rollback_plugin.journal import entries as journal
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.report.detection import detection_in_words


class Tone(StrEnum):
    """How a line should strike the reader; the values are rich styles."""

    NEUTRAL = "default"
    GOOD = "green"
    BAD = "bold red"
    ACTION = "cyan"
    ATTENTION = "yellow"


@dataclass(frozen=True, slots=True)
class Line:
    """A moment of a timeline."""

    time: datetime
    words: str
    tone: Tone = Tone.NEUTRAL


def describe(entry: journal.Entry) -> Line:
    """Say a journal entry in words."""
    words, tone = _words(entry.event)
    return Line(entry.time, words, tone)


def _words(event: journal.Event) -> tuple[str, Tone]:
    match event:
        case journal.Deployed():
            if not event.succeeded:
                return f"version {event.version} recorded: its update failed", Tone.BAD
            watched = f"baking for {event.bake_seconds} s, {_count(len(event.alarms), 'alarm')} watched"
            return f"version {event.version} recorded: {watched}", Tone.NEUTRAL
        case journal.RequestsReached():
            return f"version {event.version} served {sum(event.served.values())} requests: enough", Tone.NEUTRAL
        case journal.Planned():
            return way_back_in_words(event), _TONES[event.verdict]
        case journal.Detection():
            blind = any(power.sight.blind for power in event.alarms)
            return detection_in_words(event), Tone.ATTENTION if blind else Tone.NEUTRAL
        case journal.EvidenceKept():
            return f"evidence on version {event.version} kept: rollback evidence {event.version}", Tone.NEUTRAL
        case journal.AlarmChanged():
            tones = {journal.AlarmState.ALARM: Tone.BAD, journal.AlarmState.OK: Tone.GOOD}
            because = f", because of {', '.join(event.because)}" if event.because else ""
            return f"alarm {event.alarm} is {event.state.value}{because}", tones.get(event.state, Tone.NEUTRAL)
        case journal.AlarmWorsened():
            return f"alarm {event.alarm} got worse: {event.before:g} → {event.since:g}", Tone.BAD
        case journal.AlarmExcused():
            return f"alarm {event.alarm} is no worse than before: {event.before:g} → {event.since:g}", Tone.NEUTRAL
        case journal.RollbackStarted():
            return f"rolling version {event.undoes} back to version {event.target} ({event.reason.value})", Tone.ACTION
        case journal.TrafficShifted():
            return f"consumers of {event.service} moved: {event.before} → {event.after}", Tone.ACTION
        case journal.RolledBack():
            return f"version {event.target} re-applied; version {event.undoes} quarantined", Tone.GOOD
        case journal.RollbackVerified():
            if event.helped:
                return "the alarms cleared: the rollback helped", Tone.GOOD
            return f"still ringing: {', '.join(event.still_ringing)}; the deploy was not the cause", Tone.ATTENTION
        case journal.RecoveryStarted():
            return f"recovering version {event.target} ({event.reason.value})", Tone.ACTION
        case journal.Recovered():
            kept = "" if event.keeping is None else f", keeping what version {event.keeping} had changed"
            return f"version {event.target} is back{kept}; it bakes anew", Tone.GOOD
        case journal.OperationFailed():
            return f"operation {event.operation} failed: {event.error}", Tone.BAD
        case journal.Held():
            return f"held at version {event.version} ({event.reason.value}): {event.explanation}", Tone.ATTENTION
        case journal.Asked() | journal.Answered() | journal.FreezeBegan() | journal.FreezeEnded():
            return _people(event)
        case journal.Released():
            return f"version {event.version} released from quarantine", Tone.NEUTRAL
        case journal.Pruned():
            return (
                f"pruned: {_count(len(event.versions), 'version')} from {min(event.versions)} to {max(event.versions)}",
                Tone.NEUTRAL,
            )
        case journal.TakenOver():
            return (
                f"carried on with operation {event.operation}, which {event.owner} had begun and left",
                Tone.ATTENTION,
            )
        case journal.LockBroken():
            return f"removed the lock left by our own process {event.holder}", Tone.ATTENTION
        case _:
            assert_never(event)


def _people(event: journal.Asked | journal.Answered | journal.FreezeBegan | journal.FreezeEnded) -> tuple[str, Tone]:
    match event:
        case journal.Asked(kind="rollback"):
            words = f"asked whether to roll version {event.version} back to version {event.target}"
            return f"{words} ({event.because.value}; {event.reason.value})", Tone.ATTENTION
        case journal.Asked():
            words = f"asked whether to recover version {event.version}"
            return f"{words} ({event.because.value}; {event.reason.value})", Tone.ATTENTION
        case journal.Answered():
            return f"{'approved' if event.approved else 'denied'}{_because(event.explanation)}", Tone.ACTION
        case journal.FreezeBegan():
            until = "" if event.until is None else f" until {event.until:%Y-%m-%d %H:%M} UTC"
            return f"frozen{until}{_because(event.explanation)}", Tone.ATTENTION
        case journal.FreezeEnded():
            return f"not frozen any more{_because(event.explanation)}", Tone.NEUTRAL


def _because(explanation: str) -> str:
    return f": {explanation}" if explanation else ""


def way_back_in_words(planned: journal.Planned) -> str:
    """What is known about undoing a version, in one line: of many reasons the first."""
    if planned.target is None:
        return f"version {planned.version}: no way back: {'; '.join(planned.reasons)}"
    way = f"way back from version {planned.version} to {planned.target}"
    if planned.verdict is Reversibility.REVERSIBLE_BUT:
        return f"{way}: reversible, with {_count(len(planned.reasons), 'remark')}"
    first, others = planned.reasons[:1], len(planned.reasons) - 1
    more = f" (and {others} more)" if others > 0 else ""
    return f"{way}: {': '.join((planned.verdict.words, *first))}{more}"


_TONES = {
    Reversibility.REVERSIBLE: Tone.NEUTRAL,
    Reversibility.REVERSIBLE_BUT: Tone.NEUTRAL,
    Reversibility.ONE_WAY: Tone.BAD,
    Reversibility.UNKNOWN: Tone.ATTENTION,
}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
