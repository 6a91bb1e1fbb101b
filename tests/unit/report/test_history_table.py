"""A history as people read it."""

from rollback_plugin.journal.history import HistoryRow, history_rows
from rollback_plugin.report.tables import history_table
from tests.unit.report.told import at, deployed, journal, printed, rollback, verified


def test_a_row_for_each_deploy_and_rollback_oldest_first() -> None:
    happened = (
        deployed(1, 0),
        deployed(2, 100),
        *rollback("o", 2, 1, started=105, shifted=106, applied=110),
        verified("o", 130, helped=True),
    )

    assert printed(history_table(history_rows(journal(*happened), at(1_000)))) == [
        "History",
        "time (UTC)         kind      version  verdict      why",
        "26-03-01 03:00:00  deploy          1  healthy      no alarm while it baked",
        "26-03-01 03:01:40  deploy          2  quarantined  rolled back to version 1",
        "26-03-01 03:01:45  rollback    2 → 1  helped       ALARM_AFTER_DEPLOY",
    ]


def test_what_a_recovery_kept_stands_beside_its_version() -> None:
    row = HistoryRow(3, "recovery", "done", at(0), "REQUESTED", keeping=2)

    assert "3 + 2" in printed(history_table([row]))[-1]
