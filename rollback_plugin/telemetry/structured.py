"""Structured log lines on a stream: JSON objects for machines, `key=value` for people."""

from collections.abc import Callable
from datetime import datetime
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor

from rollback_plugin.telemetry.log import Log, LogFormat


def structured_log(stream: TextIO, log_format: LogFormat, clock: Callable[[], datetime]) -> Log:
    """A log with a line for each event: `time` (ISO 8601, UTC), `level`, `event`, and its fields.

    Safe to share between threads. No library's own log comes in: some of them name URLs whole, and a webhook's is a
    secret.
    """

    def timed(_logger: object, _method: str, event: EventDict) -> EventDict:
        return {"time": clock().isoformat(), **event}

    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format is LogFormat.JSON
        else structlog.processors.LogfmtRenderer(key_order=["time", "level", "event"], drop_missing=True)
    )
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(stream), processors=[structlog.processors.add_log_level, timed, renderer]
    )
    return log
