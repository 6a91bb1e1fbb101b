"""The rows that people read."""

from msgspec.structs import replace

from rollback_plugin.journal.entries import Event
from rollback_plugin.journal.history import history_rows
from rollback_plugin.journal.options import Keeping, OperationOptions
from tests.unit.journal.story import (
    calms,
    deployed,
    failed,
    minute,
    recovered,
    recovery_started,
    rings,
    rollback_started,
    rolled_back,
    told,
    verified,
)


def test_every_deploy_rollback_and_recovery_has_its_row_oldest_first() -> None:
    rows = history_rows(
        told(
            (0, deployed(1, 0, finished=1)),
            (20, deployed(2, 20)),
            (22, rings(22)),
            (23, rollback_started(2, 1)),
            (24, rolled_back(2, 1)),
            (26, calms(26)),
            (26, verified()),
            (30, deployed(3, 30)),
        ),
        minute(60),
    )

    assert [(row.version, row.kind, row.verdict, row.time, row.operation, row.undoes) for row in rows] == [
        (1, "deploy", "healthy", minute(1), None, None),
        (2, "deploy", "quarantined", minute(20), None, None),
        (1, "rollback", "helped", minute(23), "op-1", 2),
        (3, "deploy", "healthy", minute(30), None, None),
    ]
    assert rows[1].reason == "rolled back to version 1"
    assert rows[2].reason == "ALARM_AFTER_DEPLOY"


def test_an_operation_row_says_how_far_it_got() -> None:
    story: list[tuple[float, Event]] = [
        (0, deployed(1, 0)),
        (20, deployed(2, 20)),
        (23, rollback_started(2, 1)),
        (24, rolled_back(2, 1)),
        (27, verified("errors")),
        (28, recovery_started(2)),
        (29, recovered(2)),
    ]

    def verdicts(length: int) -> list[str]:
        return [row.verdict for row in history_rows(told(*story[:length]), minute(60)) if row.kind != "deploy"]

    assert verdicts(3) == ["in_progress"]
    assert verdicts(4) == ["unverified"]
    assert verdicts(5) == ["did_not_help"]
    assert verdicts(6) == ["did_not_help", "in_progress"]
    assert verdicts(7) == ["did_not_help", "done"]


def test_a_recovery_says_whose_changes_it_kept() -> None:
    keeping = OperationOptions(keeping=Keeping(base=1, version=3))
    (*_, row) = history_rows(
        told(
            (0, deployed(1, 0)),
            (20, deployed(2, 20)),
            (23, rollback_started(2, 1)),
            (24, rolled_back(2, 1)),
            (25, deployed(3, 25)),
            (28, replace(recovery_started(2), options=keeping)),
            (29, replace(recovered(2), keeping=3)),
        ),
        minute(60),
    )

    assert (row.kind, row.version, row.keeping, row.verdict) == ("recovery", 2, 3, "done")


def test_a_failed_operation_says_why() -> None:
    rows = history_rows(
        told((0, deployed(1, 0)), (20, deployed(2, 20)), (23, rollback_started(2, 1)), (24, failed())), minute(60)
    )

    assert (rows[2].verdict, rows[2].reason) == ("failed", "the engine said no")


def test_nothing_happened_has_no_rows() -> None:
    assert history_rows([], minute(0)) == ()
