"""Commands that change nothing: `rollback history`, `status` and `plan`."""

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
)
from rollback_plugin.cli.printing import print_json, show
from rollback_plugin.cli.session import open_stack


def history(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """What was applied to the stack, oldest first: deploys, rollbacks, recoveries, each with its verdict."""
    from rollback_plugin.report.tables import history_table

    controller = open_stack(stack, folder)
    rows = controller.history()
    if output is Output.JSON:
        sources = {row.version: controller.archive.read(row.version).source for row in rows}
        print_json([row_as_json(row) | {"source": sources[row.version]} for row in rows])
    else:
        show(history_table(rows))


def status(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """How the stack is: the version it runs, the verdict on each version, alarms, and what is under way."""
    from rollback_plugin.report.tables import status_view

    found = open_stack(stack, folder).status()
    if output is Output.JSON:
        print_json(status_as_json(found))
    else:
        show(status_view(found))


def plan(
    to: TargetOption = None,
    data: DataOption = Data.KEEP,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """What `undo` would do, without doing it. Exits with 3 where it would be refused."""
    from rollback_plugin.report.tables import plan_view

    controller = open_stack(stack, folder)
    planned = controller.plan(to, data)
    if output is Output.JSON:
        print_json(planned.as_json())
    else:
        show(plan_view(planned))
    if planned.refusals:
        raise typer.Exit(3)
