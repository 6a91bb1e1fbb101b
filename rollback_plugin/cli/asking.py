"""How commands ask before they change anything, and say what they did."""

import sys
from typing import TYPE_CHECKING

import typer

from rollback_plugin.cli.options import Output
from rollback_plugin.cli.printing import print_json, say
from rollback_plugin.errors import NotConfirmed

if TYPE_CHECKING:
    from rollback_plugin.controller.execution import OperationResult
    from rollback_plugin.controller.operate import NothingToDo


def somebody_to_ask(output: Output) -> bool:
    """Whether a person sits at the terminal."""
    return output is Output.TEXT and sys.stdin.isatty()


def ask(question: str, output: Output) -> None:
    """Return after a yes. Raises `NotConfirmed`."""
    if not somebody_to_ask(output):
        raise NotConfirmed(f"{question} There is nobody to ask: say `--yes` to go ahead. Nothing was changed.")
    if not typer.confirm(question):
        raise NotConfirmed("You said no. Nothing was changed.")


def report(result: "OperationResult | NothingToDo", output: Output) -> None:
    """Say what an operation came to."""
    from rollback_plugin.controller.execution import OperationResult

    if output is Output.JSON:
        print_json({"done": isinstance(result, OperationResult), "result": result})
    elif isinstance(result, OperationResult):
        undone = f" Version {result.undoes} is quarantined." if result.undoes is not None else ""
        kept = f" with what version {result.keeping} had changed" if result.keeping is not None else ""
        say(f"Done: the stack runs version {result.target}{kept}.{undone}")
    else:
        say(f"Nothing to do: the stack runs version {result.version} already.")
