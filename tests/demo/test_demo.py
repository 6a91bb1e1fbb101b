"""The main job, end to end, as `rollback demo` shows it."""

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def receipt() -> Any:
    """The receipt of one run of the demo, which must succeed."""
    ended = subprocess.run(
        [sys.executable, "-m", "rollback_plugin.cli", "demo", "--output", "json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return json.loads(ended.stdout)


def test_everything_that_was_promised_happened(receipt: Any) -> None:
    assert [check["expected"] for check in receipt["checks"] if not check["held"]] == []
    assert len(receipt["checks"]) == 13


def test_no_request_failed_because_of_the_rollback_or_the_recovery(receipt: Any) -> None:
    assert receipt["requests"]["failed"]["rollback_or_recovery"] == 0
    assert receipt["requests"]["failed"]["bad_version"] > 0
    assert receipt["requests"]["failed"]["dependency"] > 0
    assert receipt["requests"]["sent"] == sum(receipt["requests"]["answered_by"].values()) > 500


def test_the_history_tells_what_became_of_each_version(receipt: Any) -> None:
    assert [(row["kind"], row["version"], row["undoes"], row["verdict"]) for row in receipt["history"]] == [
        ("deploy", 1, None, "healthy"),
        ("deploy", 2, None, "quarantined"),
        ("rollback", 1, 2, "helped"),
        ("deploy", 3, None, "healthy"),
        ("deploy", 4, None, "healthy"),
        ("rollback", 3, 4, "did_not_help"),
        ("recovery", 4, None, "done"),
    ]


def test_every_part_of_an_incident_is_timed(receipt: Any) -> None:
    parts = ("detect_seconds", "decide_seconds", "shift_seconds", "reapply_seconds", "verify_seconds")
    bad_code, not_the_code = (incident["times"] for incident in receipt["incidents"])
    assert all(incident[part] >= 0 for incident in (bad_code, not_the_code) for part in parts)
    assert bad_code["recover_seconds"] is None
    assert not_the_code["recover_seconds"] > 0
