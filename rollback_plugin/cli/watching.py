"""`rollback watch`."""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated

import typer

from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption
from rollback_plugin.cli.printing import as_plain, say
from rollback_plugin.cli.session import open_stack
from rollback_plugin.cli.stopping import stop_on_signal

if TYPE_CHECKING:
    from rollback_plugin.controller.stack_controller import Round
    from rollback_plugin.controller.watch import FailedRound


def watch(
    interval: Annotated[float, typer.Option("--interval", help="Seconds from one look to the next.", min=0.1)] = 30.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, act, and exit: for a scheduler.")] = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Look at the stack and its alarms again and again, and roll back or recover when the rules say so.

    Records new deploys by itself. Ends with the round under way on SIGTERM or Ctrl-C. Says only what is new; with
    `--output json` one JSON object a line.
    """
    from rollback_plugin.controller.watch import FailedRound, Watch
    from rollback_plugin.controller.way_back import WaysBack

    teller = _Teller(output)
    with ThreadPoolExecutor(1, thread_name_prefix="ways-back") as beside:
        watching = Watch([open_stack(stack, folder)], WaysBack(beside))
        if not once:
            watching.run(interval, stop_on_signal(), teller.tell)
            return
        (outcome,) = watching.tick()
        teller.tell([outcome])
        watching.finish()
    error = outcome.error if isinstance(outcome, FailedRound) else outcome.missing
    if error is not None:
        raise error


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
