"""Every kind of journal entry has words of its own."""

from typing import Literal, get_args

import pytest
from msgspec.structs import replace

from rollback_plugin.journal import entries as journal
from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.report.timeline import Tone, describe
from tests.unit.report.told import alarm, at, deployed, recovery, rollback, verified
from tests.unit.report.told import journal as told


def asked(kind: Literal["rollback", "recovery"]) -> journal.Asked:
    return journal.Asked(
        question="q",
        kind=kind,
        version=2,
        target=1,
        because=ReasonCode.ALARM_AFTER_DEPLOY,
        reason=ReasonCode.QUIET_HOURS,
        explanation="because",
    )


SHARP = AlarmPower(alarm="error-rate", sight=Sight.SEES, explanation="so", rise_points=1.8, within_seconds=120)
BLUNT = AlarmPower(alarm="5xx", sight=Sight.SEES, explanation="so", rise_points=5.0, within_seconds=60)
BLIND = AlarmPower(alarm="log-errors", sight=Sight.NO_DATA, explanation="It can't ring.")
UNKNOWN = AlarmPower(alarm="latency", sight=Sight.UNKNOWN, explanation="It doesn't count failing requests.")

LINES = [
    (deployed(1, 5)[1], "version 1 recorded: baking for 10 s, 1 alarm watched", Tone.NEUTRAL),
    (
        journal.Planned(version=2, target=1, verdict=Reversibility.REVERSIBLE),
        "way back from version 2 to 1: reversible",
        Tone.NEUTRAL,
    ),
    (
        journal.Planned(version=2, target=1, verdict=Reversibility.REVERSIBLE_BUT, reasons=("a", "b")),
        "way back from version 2 to 1: reversible, with 2 remarks",
        Tone.NEUTRAL,
    ),
    (
        journal.Planned(version=2, target=1, verdict=Reversibility.ONE_WAY, reasons=("the bytes are gone",)),
        "way back from version 2 to 1: one-way: the bytes are gone",
        Tone.BAD,
    ),
    (
        journal.Planned(version=2, target=1, verdict=Reversibility.ONE_WAY, reasons=("a", "b", "c")),
        "way back from version 2 to 1: one-way: a (and 2 more)",
        Tone.BAD,
    ),
    (
        journal.Planned(version=2, target=1, verdict=Reversibility.UNKNOWN, reasons=("no engine",)),
        "way back from version 2 to 1: unknown: no engine",
        Tone.ATTENTION,
    ),
    (
        journal.Planned(version=2, target=None, verdict=Reversibility.ONE_WAY, reasons=("version 1 is failed",)),
        "version 2: no way back: version 1 is failed",
        Tone.BAD,
    ),
    (
        journal.Detection(version=2, alarms=(SHARP, BLUNT, BLIND)),
        "version 2: error-rate sees a rise of 1.8 points or more within 120 s; can't ring: log-errors",
        Tone.ATTENTION,
    ),
    (
        journal.Detection(version=2, alarms=(BLUNT, SHARP)),
        "version 2: error-rate sees a rise of 1.8 points or more within 120 s",
        Tone.NEUTRAL,
    ),
    (
        journal.Detection(version=2, alarms=(replace(SHARP, rise_points=0.0),)),
        "version 2: error-rate rings at the failures there are already",
        Tone.NEUTRAL,
    ),
    (
        journal.Detection(version=2, alarms=(UNKNOWN,)),
        "version 2: how small a fault its alarms see is not known",
        Tone.NEUTRAL,
    ),
    (
        journal.EvidenceKept(version=2, about=7, digest="a1"),
        "evidence on version 2 kept: rollback evidence 2",
        Tone.NEUTRAL,
    ),
    (
        journal.AlarmChanged(alarm="any", state=AlarmState.ALARM, since=at(5), because=("errors", "latency")),
        "alarm any is ALARM, because of errors, latency",
        Tone.BAD,
    ),
    (alarm(AlarmState.ALARM, 5)[1], "alarm error-rate is ALARM", Tone.BAD),
    (alarm(AlarmState.OK, 5)[1], "alarm error-rate is OK", Tone.GOOD),
    (alarm(AlarmState.INSUFFICIENT_DATA, 5)[1], "alarm error-rate is INSUFFICIENT_DATA", Tone.NEUTRAL),
    *zip(
        (event for _, event in rollback("a", 2, 1, started=1, shifted=2, applied=3)),
        (
            "rolling version 2 back to version 1 (ALARM_AFTER_DEPLOY)",
            "consumers of orders moved: 2 → 1",
            "version 1 re-applied; version 2 quarantined",
        ),
        (Tone.ACTION, Tone.ACTION, Tone.GOOD),
        strict=True,
    ),
    (verified("a", 1, helped=True)[1], "the alarms cleared: the rollback helped", Tone.GOOD),
    (
        verified("a", 1, helped=False)[1],
        "still ringing: error-rate; the deploy was not the cause",
        Tone.ATTENTION,
    ),
    *zip(
        (event for _, event in recovery("b", 4, started=1, applied=2)),
        ("recovering version 4 (ROLLBACK_DID_NOT_HELP)", "version 4 is back; it bakes anew"),
        (Tone.ACTION, Tone.GOOD),
        strict=True,
    ),
    (journal.OperationFailed(operation="a", error="no"), "operation a failed: no", Tone.BAD),
    (
        journal.Held(version=2, reason=ReasonCode.NO_HEALTHY_VERSION, explanation="nothing to go back to"),
        "held at version 2 (NO_HEALTHY_VERSION): nothing to go back to",
        Tone.ATTENTION,
    ),
    (
        journal.RequestsReached(version=2, served={"orders": 500, "carts": 20}),
        "version 2 served 520 requests: enough",
        Tone.NEUTRAL,
    ),
    (
        journal.AlarmWorsened(version=2, alarm="error-rate", before=5, since=45.5),
        "alarm error-rate got worse: 5 → 45.5",
        Tone.BAD,
    ),
    (
        journal.AlarmExcused(version=2, alarm="error-rate", before=5, since=5),
        "alarm error-rate is no worse than before: 5 → 5",
        Tone.NEUTRAL,
    ),
    (
        asked("rollback"),
        "asked whether to roll version 2 back to version 1 (ALARM_AFTER_DEPLOY; QUIET_HOURS)",
        Tone.ATTENTION,
    ),
    (asked("recovery"), "asked whether to recover version 2 (ALARM_AFTER_DEPLOY; QUIET_HOURS)", Tone.ATTENTION),
    (journal.Answered(question="q", approved=True), "approved", Tone.ACTION),
    (journal.Answered(question="q", approved=False, explanation="a fair"), "denied: a fair", Tone.ACTION),
    (journal.FreezeBegan(), "frozen", Tone.ATTENTION),
    (
        journal.FreezeBegan(until=at(0), explanation="a fair"),
        "frozen until 2026-03-01 03:00 UTC: a fair",
        Tone.ATTENTION,
    ),
    (journal.FreezeEnded(explanation="it is over"), "not frozen any more: it is over", Tone.NEUTRAL),
    (journal.Released(version=2), "version 2 released from quarantine", Tone.NEUTRAL),
    (journal.Pruned(versions=(1, 2, 4)), "pruned: 3 versions from 1 to 4", Tone.NEUTRAL),
    (
        journal.TakenOver(operation="a", owner="me@there:1"),
        "carried on with operation a, which me@there:1 had begun and left",
        Tone.ATTENTION,
    ),
    (
        journal.LockBroken(holder="me@here:1"),
        "removed the lock left by our own process me@here:1",
        Tone.ATTENTION,
    ),
]


@pytest.mark.parametrize(("event", "words", "tone"), LINES, ids=[type(event).__name__ for event, _, _ in LINES])
def test_an_entry_is_told_in_words(event: journal.Event, words: str, tone: Tone) -> None:
    (entry,) = told((5.0, event))

    line = describe(entry)

    assert (line.time, line.words, line.tone) == (at(5), words, tone)


def test_every_kind_of_entry_is_in_the_table() -> None:
    assert {type(event) for event, _, _ in LINES} == set(get_args(journal.Event))


def test_a_failed_update_is_said_to_have_failed() -> None:
    _, event = deployed(2, 5)
    assert isinstance(event, journal.Deployed)

    (entry,) = told((5.0, replace(event, succeeded=False)))

    assert (describe(entry).words, describe(entry).tone) == ("version 2 recorded: its update failed", Tone.BAD)
