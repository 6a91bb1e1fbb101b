"""Commands that change something, and ask first: `rollback undo`, `recover` and `release`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rollback_plugin.cli.options import (
    HERE,
    Data,
    DataOption,
    FolderOption,
    Output,
    OutputOption,
    StackOption,
    TargetOption,
    YesOption,
)
from rollback_plugin.cli.printing import print_json, say, show, warn
from rollback_plugin.cli.session import open_stack
from rollback_plugin.errors import NotConfirmed

if TYPE_CHECKING:
    from rollback_plugin.controller.assembly import StackController
    from rollback_plugin.controller.operate import Outcome
    from rollback_plugin.controller.progress import Progress


def undo(
    to: TargetOption = None,
    data: DataOption = Data.KEEP,
    yes: YesOption = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Go back to the last healthy version, or the one named: consumers first, then the rest of the stack.

    The version undone is quarantined: it can't be deployed again until it changes or is released. After a crash,
    the same command goes on where it was.
    """
    controller = _recorded(stack, folder)
    _confirm(controller, to, data, yes, output, "Undo")
    _report(controller.undo(to, data, _teller(output)), output)


def recover(
    to: TargetOption = None,
    data: DataOption = Data.KEEP,
    yes: YesOption = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Apply the newest version again, or the one named, and lift its quarantine."""
    controller = _recorded(stack, folder)
    _confirm(controller, to, data, yes, output, "Recover")
    _report(controller.recover(to, data, _teller(output)), output)
