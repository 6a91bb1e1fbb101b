"""`rollback watch`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption
from rollback_plugin.cli.printing import as_plain, say, warn
from rollback_plugin.cli.reporting import LogFormatOption, reported
from rollback_plugin.cli.session import open_fleet, open_stack
from rollback_plugin.cli.stopping import stop_on_signal
from rollback_plugin.errors import RollbackPluginError

if TYPE_CHECKING:
    from rollback_plugin.controller.fleet import Fleet
    from rollback_plugin.controller.stack_controller import Round, StackController
    from rollback_plugin.controller.watch import FailedRound


def watch(
    interval: Annotated[float, typer.Option("--interval", help="Seconds from one look to the next.", min=0.1)] = 30.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, act, and exit: for a scheduler.")] = False,
    every: Annotated[
        bool,
        typer.Option("--all", help="Every stack of the backend in PULUMI_BACKEND_URL, new ones too."),
    ] = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
    log_format: LogFormatOption = None,
) -> None:
    """Look at the stack (or all of them) and its alarms again and again; roll back or recover when the rules say so.

    Records new deploys by itself. Ends with the round under way on SIGTERM or Ctrl-C. Says only what is new; with
    `--output json` one JSON object a line.
    """
    from concurrent.futures import ThreadPoolExecutor
    from tempfile import TemporaryDirectory

    from rollback_plugin.controller.beside import Beside
    from rollback_plugin.controller.round_log import RoundLog
    from rollback_plugin.controller.watch import Watch

    teller = _Teller(output)
    with (
        reported(log_format) as reporting,
        ThreadPoolExecutor(1, thread_name_prefix="beside") as executor,
        TemporaryDirectory() as scratch,
    ):
        fleet = open_fleet(Path(scratch), reporting=reporting) if every else None
        controllers = [open_stack(stack, folder, reporting)] if fleet is None else fleet.open_new([])
        watching = Watch(controllers, Beside(executor))
        round_log = RoundLog(reporting)
        if once:
            outcomes = watching.tick()
            teller.tell(outcomes)
            round_log.tell(outcomes)
            watching.finish()
            _raise_first(outcomes)
            return

        def told(outcomes: "Sequence[Round | FailedRound]") -> None:
            teller.tell(outcomes)
            round_log.tell(outcomes)
            reporting.look_again()
            if fleet is not None:
                _found(fleet, controllers)

        watching.run(interval, stop_on_signal(), told)


def _raise_first(outcomes: "Sequence[Round | FailedRound]") -> None:
    """Make the command fail as the first round did that was in trouble."""
    from rollback_plugin.controller.watch import FailedRound

    for outcome in outcomes:
        error = outcome.error if isinstance(outcome, FailedRound) else outcome.missing
        if error is not None:
            raise error


def _found(fleet: "Fleet", controllers: "list[StackController]") -> None:
    """Take on the stacks that were made since."""
    try:
        controllers += fleet.open_new(controllers)
    except RollbackPluginError as error:
        warn(f"{error} The stacks that are known are watched on.")


class _Teller:
    """Says what a round came to, if that differs from what was said of the stack last."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._said: dict[str, str] = {}

    def tell(self, outcomes: "Sequence[Round | FailedRound]") -> None:
        for outcome in outcomes:
            words, matter = _words(outcome)
            if self._said.get(str(outcome.stack)) == matter:
                continue
            self._said[str(outcome.stack)] = matter
            if self._output is Output.JSON:
                sys.stdout.write(json.dumps(as_plain(outcome)) + "\n")
                sys.stdout.flush()
            else:
                say(f"{outcome.stack}: {words}")


def _words(outcome: "Round | FailedRound") -> tuple[str, str]:
    """The outcome in words, and what it comes to: the same as long as only time passes."""
    from rollback_plugin.controller.watch import FailedRound

    if isinstance(outcome, FailedRound):
        return f"not looked at: {outcome.error}", str(outcome.error)
    decision = outcome.decision
    words = f"{decision.action.value} ({decision.reason.value}): {decision.explanation}"
    matter = f"{decision.action.value} {decision.reason.value} {decision.version} {decision.target} {outcome.missing}"
    return (f"{words} {outcome.missing}" if outcome.missing else words), matter
