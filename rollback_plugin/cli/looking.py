"""Commands that change nothing: `rollback history`, `status` and `plan`."""

from dataclasses import fields
from typing import TYPE_CHECKING

import typer

from rollback_plugin.cli.options import (
    HERE,
    DataOption,
    FolderOption,
    Output,
    OutputOption,
    StackOption,
    StrategyOption,
    TargetOption,
)
from rollback_plugin.cli.printing import print_json, show
from rollback_plugin.cli.session import open_stack
from rollback_plugin.journal.options import DataPolicy, OperationOptions, Strategy

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def history(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """What was applied to the stack, oldest first: deploys, rollbacks, recoveries, each with its verdict."""
    from rollback_plugin.report.tables import history_table

    controller = open_stack(stack, folder)
    rows = controller.history()
    if output is Output.JSON:
        sources = {number: controller.archive.read(number).source for number in {row.version for row in rows}}
        print_json([{**vars_of(row), "source": sources[row.version]} for row in rows])
    else:
        show(history_table(rows))


def status(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """How the stack is: the version it runs, the verdict on each version, alarms, and what is under way."""
    from rollback_plugin.report.tables import status_view

    controller = open_stack(stack, folder)
    found = controller.status()
    if output is Output.JSON:
        print_json({"stack": str(controller.stack), **vars_of(found)})
    else:
        show(status_view(controller.stack, found))


def plan(
    to: TargetOption = None,
    data: DataOption = DataPolicy.KEEP,
    strategy: StrategyOption = Strategy.AUTO,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """What `undo` would do, without doing it. Exits with 3 where it would be refused."""
    from rollback_plugin.report.tables import plan_view

    controller = open_stack(stack, folder)
    target, planned = controller.operator.plan_undo(to, OperationOptions(data=data, strategy=strategy))
    if output is Output.JSON:
        print_json({"target": target, "verdict": planned.verdict, **vars_of(planned)})
    else:
        show(plan_view(target, planned))
    if planned.refusals:
        raise typer.Exit(3)


def vars_of(record: "DataclassInstance") -> dict[str, object]:
    """The record's fields by name."""
    return {field.name: getattr(record, field.name) for field in fields(record)}
