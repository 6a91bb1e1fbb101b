"""The parts of an incident are the stretches between its journal entries."""

import pytest

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.report.incident import incidents
from tests.unit.report.told import alarm, at, deployed, journal, recovery, rollback, verified


def test_a_rollback_that_helped_has_every_part_but_a_recovery() -> None:
    told = journal(
        deployed(1, 0),
        deployed(2, 100),
        alarm(AlarmState.ALARM, 107),
        *rollback("first", 2, 1, started=107.5, shifted=108, applied=110),
        alarm(AlarmState.OK, 119),
        verified("first", 120, helped=True),
    )

    (found,) = incidents(told, first_failures=(at(101),))

    assert (found.undoes, found.target, found.helped, found.recovered) == (2, 1, True, None)
    parts = (found.detect_seconds, found.decide_seconds, found.shift_seconds, found.reapply_seconds)
    assert parts == pytest.approx((6, 0.5, 0.5, 2))
    assert found.verify_seconds == pytest.approx(10)
    assert found.recover_seconds is None


def test_a_rollback_that_did_not_help_is_followed_by_its_recovery() -> None:
    told = journal(
        deployed(3, 0),
        deployed(4, 100),
        alarm(AlarmState.ALARM, 103),
        *rollback("second", 4, 3, started=104, shifted=104.5, applied=106),
        verified("second", 118, helped=False),
        *recovery("third", 4, started=118.5, applied=121),
    )

    (found,) = incidents(told, first_failures=(at(50), at(101)))

    assert (found.helped, found.recovered) == (False, 4)
    assert found.detect_seconds == pytest.approx(2), "the last failure before the alarm is where it began"
    assert found.recover_seconds == pytest.approx(2.5)


def test_a_later_recovery_that_follows_another_rollback_is_not_taken_for_this_ones() -> None:
    told = journal(
        *rollback("first", 2, 1, started=10, shifted=11, applied=12),
        verified("first", 20, helped=True),
        *rollback("second", 4, 3, started=30, shifted=31, applied=32),
        verified("second", 40, helped=False),
        *recovery("third", 4, started=41, applied=43),
    )

    first, second = incidents(told)

    assert (first.recovered, second.recovered) == (None, 4)


def test_parts_that_did_not_happen_are_none() -> None:
    started, *_ = rollback("first", 2, 1, started=10, shifted=11, applied=12)

    (found,) = incidents(journal(started))

    parts = (found.detect_seconds, found.decide_seconds, found.shift_seconds, found.reapply_seconds)
    assert parts == (None, None, None, None)
    assert (found.verify_seconds, found.recover_seconds, found.helped) == (None, None, None)
