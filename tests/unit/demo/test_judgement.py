"""The demo blames a failed request on the rollback unless something else explains it, and fails on a broken promise."""

from dataclasses import replace

import pytest

from rollback_plugin.demo.consumer import Answer
from rollback_plugin.demo.judgement import Run, Stretch, cause_of, judge
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.report.receipt import Cause
from tests.unit.report.told import alarm, at, deployed, journal, recovery, rollback, verified

OUTAGE = Stretch(at(203), at(225))
RELEASES = {"1": "1", "2": "2", "3": "1", "4": "4", "5": "4"}


def good(seconds: float, version: str, release: str) -> Answer:
    return Answer(at(seconds), True, version, release, None)


def bad(seconds: float, version: str | None, failure: str) -> Answer:
    return Answer(at(seconds), False, version, None, failure)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (good(101, "2", "2"), None),
        (bad(101, "2", "KeyError"), Cause.BAD_VERSION),
        (bad(101, "3", "KeyError"), Cause.ROLLBACK),
        (bad(101, "9", "KeyError"), Cause.ROLLBACK),
        (bad(101, None, "ConnectError"), Cause.ROLLBACK),
        (bad(210, "1", "InventoryUnavailable"), Cause.DEPENDENCY),
        (bad(227, "1", "InventoryUnavailable"), Cause.DEPENDENCY),
        (bad(240, "1", "InventoryUnavailable"), Cause.ROLLBACK),
        (bad(210, None, "ReadTimeout"), Cause.ROLLBACK),
        (bad(210, "1", "HTTP 502"), Cause.ROLLBACK),
    ],
)
def test_what_nothing_else_explains_is_the_rollbacks_doing(answer: Answer, cause: Cause | None) -> None:
    assert cause_of(answer, RELEASES, OUTAGE) is cause


KEPT_PROMISES = Run(
    entries=journal(
        deployed(1, 0),
        deployed(2, 100),
        alarm(AlarmState.ALARM, 107),
        *rollback("first", 2, 1, started=107.5, shifted=108, applied=110),
        alarm(AlarmState.OK, 119),
        verified("first", 120, helped=True),
        deployed(3, 140),
        deployed(4, 200),
        alarm(AlarmState.ALARM, 206),
        *rollback("second", 4, 3, started=206.5, shifted=207, applied=209),
        verified("second", 221, helped=False),
        *recovery("third", 4, started=221.5, applied=224),
        alarm(AlarmState.OK, 236),
    ),
    answers=(
        good(1, "1", "1"),
        bad(101, "2", "KeyError"),
        good(102, "2", "2"),
        bad(204, "4", "InventoryUnavailable"),
        good(226, "5", "4"),
    ),
    releases=RELEASES,
    bad_code=Stretch(at(98), at(120)),
    not_the_code=Stretch(at(198), at(240)),
    outage=OUTAGE,
    refusal="refused: quarantined",
    agrees_after_rollback=True,
    agrees_at_the_end=True,
    ended_at=at(240),
    duration_seconds=240,
)


def test_a_run_in_which_everything_happened_holds() -> None:
    receipt = judge(KEPT_PROMISES)

    assert [check.expected for check in receipt.checks if not check.held] == []
    assert receipt.holds
    assert [incident.title for incident in receipt.incidents] == ["bad code", "not the code"]
    assert receipt.incidents[0].requests.failed == {Cause.BAD_VERSION: 1, Cause.DEPENDENCY: 0, Cause.ROLLBACK: 0}
    assert receipt.incidents[0].times.detect_seconds == pytest.approx(6)


LAST = KEPT_PROMISES.answers
BROKEN_PROMISES = {
    "a request failed because of the rollback": replace(KEPT_PROMISES, answers=(*LAST, bad(109, None, "ReadError"))),
    "the bad version was never met": replace(KEPT_PROMISES, answers=LAST[:1]),
    "the program disagreed after the rollback": replace(KEPT_PROMISES, agrees_after_rollback=False),
    "the program disagreed at the end": replace(KEPT_PROMISES, agrees_at_the_end=False),
    "version 2 was deployed again": replace(KEPT_PROMISES, refusal=None),
    "nothing was recovered": replace(KEPT_PROMISES, entries=KEPT_PROMISES.entries[:-3]),
    "an alarm still rings": replace(KEPT_PROMISES, entries=KEPT_PROMISES.entries[:-1]),
    "nothing was rolled back": replace(KEPT_PROMISES, entries=journal(deployed(1, 0), deployed(2, 100))),
    "version 4 was still baking": replace(KEPT_PROMISES, ended_at=at(225)),
}


@pytest.mark.parametrize("run", BROKEN_PROMISES.values(), ids=BROKEN_PROMISES.keys())
def test_a_run_in_which_something_is_missing_does_not_hold(run: Run) -> None:
    assert not judge(run).holds
