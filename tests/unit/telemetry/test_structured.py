"""Log lines are JSON objects for machines and words for people, and hold what they were told."""

import io
import json
from datetime import UTC, datetime

from rollback_plugin.journal.entries import ReasonCode
from rollback_plugin.telemetry.log import LogFormat
from rollback_plugin.telemetry.structured import structured_log

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_json_line_for_each_event() -> None:
    stream = io.StringIO()
    log = structured_log(stream, LogFormat.JSON, lambda: NOON)

    log.info("decided", stack="shop/dev", reason=ReasonCode.NO_ALARM, version=None)
    log.warning("round_failed", alarms=["errors"])

    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {
            "time": "2026-03-02T12:00:00+00:00",
            "level": "info",
            "event": "decided",
            "stack": "shop/dev",
            "reason": "NO_ALARM",
            "version": None,
        },
        {"time": "2026-03-02T12:00:00+00:00", "level": "warning", "event": "round_failed", "alarms": ["errors"]},
    ]


def test_text_is_a_line_with_the_same_in_it() -> None:
    stream = io.StringIO()
    structured_log(stream, LogFormat.TEXT, lambda: NOON).info("decided", stack="shop/dev")

    assert stream.getvalue() == "time=2026-03-02T12:00:00+00:00 level=info event=decided stack=shop/dev\n"
