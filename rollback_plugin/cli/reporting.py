"""Whom a command that runs unattended tells of its work: its log, the collector its environment names, and
the channels of its stacks."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from rollback_plugin.cli.printing import warn
from rollback_plugin.cli.session import now
from rollback_plugin.telemetry.log import NO_LOG, LogFormat

if TYPE_CHECKING:
    from rollback_plugin.controller.reporting import Reporting

LAST_NOTICES_SECONDS = 10.0
"""How long the end of a command waits for notices that are being sent."""
LogFormatOption = Annotated[
    LogFormat | None,
    typer.Option("--log-format", help="Log every step on stderr: JSON lines for machines, or text. Default: no log."),
]


@contextmanager
def reported(log_format: LogFormat | None) -> "Iterator[Reporting]":
    """Ready to be told; what was told is flushed at the end."""
    import stamina.instrumentation

    from rollback_plugin.controller.reporting import Reporting
    from rollback_plugin.notices.post import Post
    from rollback_plugin.telemetry.chosen import telemetry_of
    from rollback_plugin.telemetry.retries import retry_log

    log = NO_LOG
    if log_format is not None:
        from rollback_plugin.telemetry.structured import structured_log

        log = structured_log(sys.stderr, log_format, now)
    stamina.instrumentation.set_on_retry_hooks((retry_log(log),))
    with telemetry_of(os.environ, warn) as telemetry:
        post = Post(telemetry, log, now)
        try:
            yield Reporting(telemetry, log, post)
        finally:
            post.finish(LAST_NOTICES_SECONDS)
