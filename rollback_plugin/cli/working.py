"""`rollback worker`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from rollback_plugin.cli.printing import as_plain
from rollback_plugin.cli.reporting import LogFormatOption, reported
from rollback_plugin.cli.session import now, open_fleet
from rollback_plugin.cli.stopping import stop_on_signal

if TYPE_CHECKING:
    from rollback_plugin.controller.reporting import Reporting
    from rollback_plugin.controller.worker import WorkerEvent


def worker(
    queue: Annotated[
        str,
        typer.Option("--queue", help="URL of the SQS FIFO queue that hints come through.", envvar="ROLLBACK_QUEUE_URL"),
    ],
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            help="Where versions and journals are; otherwise beside the backend's state.",
            envvar="ROLLBACK_STORE",
        ),
    ] = None,
    stacks: Annotated[
        list[str] | None,
        typer.Option("--stacks", help="Serve only stacks of this pattern (shop/*); may be given more than once."),
    ] = None,
    health_file: Annotated[
        Path | None, typer.Option("--health-file", help="Touched at least every 20 seconds while the worker lives.")
    ] = None,
    log_format: LogFormatOption = None,
) -> None:
    """Serve all stacks of the backend in PULUMI_BACKEND_URL, as hints from a queue ask for it.

    A hint (an alarm changed, an update ended, a minute passed) is never taken for a proof: alarms and journal are read
    before anything is done. Any number of workers share a queue. Ends with the round under way on SIGTERM or Ctrl-C.
    Says what it does as one JSON object a line.
    """
    from rollback_plugin.controller.hint_queue import SqsHintQueue
    from rollback_plugin.controller.worker import Worker

    stop = stop_on_signal()
    with reported(log_format) as reporting, TemporaryDirectory(prefix="rollback-plugin-") as scratch:
        fleet = open_fleet(Path(scratch), reporting, store, tuple(stacks or ()))
        Worker(
            queue=SqsHintQueue(fleet.sqs(queue), queue),
            registry=fleet.registry,
            open_stack=fleet.open,
            clock=now,
            tell=teller(reporting),
            sign_of_life=_touching(health_file),
        ).run(stop)


def _touching(health_file: Path | None) -> Callable[[], None]:
    return (lambda: None) if health_file is None else health_file.touch


def teller(reporting: "Reporting") -> "Callable[[WorkerEvent], None]":
    """Says each event on stdout, and has rounds and dropped messages counted."""
    from rollback_plugin.controller.round_log import RoundLog
    from rollback_plugin.controller.worker import Dropped, Looked
    from rollback_plugin.telemetry.interface import Counter

    round_log = RoundLog(reporting)

    def tell(event: "WorkerEvent") -> None:
        line = {"time": now().isoformat(), "event": type(event).__name__, "what": as_plain(event)}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        if isinstance(event, Looked):
            round_log.tell([event.outcome])
            reporting.look_again()
        elif isinstance(event, Dropped):
            reporting.telemetry.count(Counter.MESSAGES_DROPPED, why=event.why.value)

    return tell
