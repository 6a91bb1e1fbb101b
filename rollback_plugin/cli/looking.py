"""Commands that change nothing: `rollback history`, `status` and `plan`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rollback_plugin.cli.glancing import show_all
from rollback_plugin.cli.options import (
    HERE,
    ConflictsOption,
    DataOption,
    FolderOption,
    Output,
    OutputOption,
    StackOption,
    StrategyOption,
    TargetOption,
)
from rollback_plugin.cli.printing import print_json, show, show_lines, terminal_width, vars_of
from rollback_plugin.cli.session import open_gate, open_records, open_stack
from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.journal.options import ConflictPolicy, DataPolicy, OperationOptions, Strategy


def history(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """What was applied to the stack, oldest first: deploys, rollbacks, recoveries, each with its verdict."""
    from rollback_plugin.report.tables import history_table

    records = open_records(stack, folder)
    rows = records.history()
    if output is Output.JSON:
        kept = {version.number for version in records.status().versions if version.pruned is None}
        archive = records.archive
        sources = {
            number: archive.read(number).source if number in kept else None for number in {row.version for row in rows}
        }
        print_json([{**vars_of(row), "source": sources[row.version]} for row in rows])
    else:
        show_lines(history_table(rows, terminal_width()))


def status(
    every_stack: Annotated[
        bool,
        typer.Option("--all", help="Every stack of the store at a glance; needs no project if a backend is known."),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="With --all: live, until Ctrl-C.")] = False,
    interval: Annotated[float, typer.Option("--interval", help="Of --watch: seconds to the next look.", min=0.1)] = 5.0,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """How the stack is: the version it runs, the verdict on each version, alarms, and what is under way.

    With --watch and `--output json` one JSON list a line.
    """
    if every_stack:
        show_all(stack, folder, output, interval if watch else None)
        return
    if watch:
        raise typer.BadParameter("--watch is given without --all.")
    from rollback_plugin.report.tables import status_view

    records = open_records(stack, folder)
    found = records.status()
    if output is Output.JSON:
        print_json({"stack": str(records.stack), **vars_of(found)})
    else:
        show_lines(status_view(records.stack, found, terminal_width()))


def plan(
    preview: Annotated[
        str | None, typer.Argument(help="With --of-preview: a file with the output of `pulumi preview --json`, or -.")
    ] = None,
    of_preview: Annotated[
        bool,
        typer.Option(
            "--of-preview",
            help="Judge a deploy that hasn't happened, from its preview; without a file, `pulumi preview` is run here.",
        ),
    ] = False,
    recovery: Annotated[bool, typer.Option("--recover", help="What `recover` would do, instead of `undo`.")] = False,
    to: TargetOption = None,
    data: DataOption = DataPolicy.KEEP,
    conflicts: ConflictsOption = ConflictPolicy.REFUSE,
    strategy: StrategyOption = Strategy.AUTO,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """What `undo` or `recover` would do, without doing it; or whether a deploy that hasn't happened could be undone.

    The plan is kept: while the stack's state stays as it is, `undo` and `recover` with the same options don't make it
    again. Exits with 3 where it would be refused, or couldn't.
    """
    if conflicts is not ConflictPolicy.REFUSE and not recovery:
        raise typer.BadParameter("--conflicts is given without --recover.")
    if of_preview:
        _judge_deploy(preview, stack, folder, output)
        return
    if preview is not None:
        raise typer.BadParameter(f"{preview} is given without --of-preview.")
    from rollback_plugin.report.plan_view import plan_view

    controller = open_stack(stack, folder)
    options = OperationOptions(data=data, strategy=strategy, conflicts=conflicts)
    operator = controller.operator
    target, planned = operator.plan_recover(to, options) if recovery else operator.plan_undo(to, options)
    if output is Output.JSON:
        print_json({"target": target, "verdict": planned.verdict, **vars_of(planned)})
    else:
        show(plan_view(target, planned))
    if planned.refusals:
        raise typer.Exit(3)


def _judge_deploy(preview: str | None, stack: str | None, folder: Path, output: Output) -> None:
    from rollback_plugin.report.plan_view import undoing_view

    given = None if preview is None else _given(preview)
    gate = open_gate(stack, folder)
    undoing = gate.judge_project() if given is None else gate.judge(*given)
    if output is Output.JSON:
        print_json({"verdict": undoing.verdict, **vars_of(undoing)})
    else:
        show(undoing_view(undoing))
    if undoing.refusals:
        raise typer.Exit(3)


def _given(preview: str) -> tuple[bytes, str]:
    """The bytes, and what they are called in errors. Raises `InvalidConfiguration` for a file that can't be read."""
    if preview == "-":
        return sys.stdin.buffer.read(), "What stands on the standard input"
    try:
        return Path(preview).read_bytes(), preview
    except OSError as error:
        raise InvalidConfiguration(
            f"The preview {preview} can't be read: {error.strerror}. Make it with: pulumi preview --json > {preview}."
        ) from None
