"""Commands that change something, and ask first: `rollback undo`, `recover` and `release`."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from rollback_plugin.cli.asking import ask, report, somebody_to_ask
from rollback_plugin.cli.options import (
    HERE,
    LOCK_TIMEOUT_SECONDS,
    ConflictsOption,
    DataOption,
    FolderOption,
    LockTimeoutOption,
    Output,
    OutputOption,
    StackOption,
    StrategyOption,
    TargetOption,
    YesOption,
)
from rollback_plugin.cli.printing import print_json, say, show, warn
from rollback_plugin.cli.progress import progress_printer
from rollback_plugin.cli.reporting import reported
from rollback_plugin.cli.session import begin_opening, open_stack, telling
from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.journal.options import ConflictPolicy, DataPolicy, OperationOptions, Strategy

if TYPE_CHECKING:
    from rollback_plugin.controller.execution import OperationResult
    from rollback_plugin.controller.operated_stack import OperatedStack
    from rollback_plugin.replay.plan import Plan


def undo(
    to: TargetOption = None,
    data: DataOption = DataPolicy.KEEP,
    strategy: StrategyOption = Strategy.AUTO,
    yes: YesOption = False,
    lock_timeout: LockTimeoutOption = LOCK_TIMEOUT_SECONDS,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Go back to the last healthy version, or the one named: consumers first, then the rest of the stack.

    The version undone is quarantined: it can't be deployed again until it changes or is released. After a crash,
    the same command goes on where it was.
    """
    from rollback_plugin.controller.targets import undo_target

    options = OperationOptions(data=data, strategy=strategy)
    opening = begin_opening(stack, folder, partial(undo_target, to=to))
    with reported(None) as reporting:
        opened = opening.opened(reporting)
        operator = telling(opened.operator, progress_printer(output), lock_timeout)
        if not yes:
            _confirm(opened, lambda: operator.plan_undo(to, options), output)
        result = operator.undo(to, options=options)
        report(result, output)
        # Imported late: what opens the stack lets the engine work while the rest is loaded.
        from rollback_plugin.controller.execution import OperationResult

        if isinstance(result, OperationResult):
            _keep_evidence(opened, result, output)


def recover(
    to: TargetOption = None,
    data: DataOption = DataPolicy.KEEP,
    conflicts: ConflictsOption = ConflictPolicy.REFUSE,
    strategy: StrategyOption = Strategy.AUTO,
    yes: YesOption = False,
    lock_timeout: LockTimeoutOption = LOCK_TIMEOUT_SECONDS,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Apply the newest version that was rolled back again, or the one named, and lift its quarantine.

    What was deployed since its rollback is kept: a property, an output or a resource that only one of the two changed
    is taken from that one. What both changed differently is refused by name, unless --conflicts says which counts.
    """
    from rollback_plugin.controller.targets import recover_target

    options = OperationOptions(data=data, strategy=strategy, conflicts=conflicts)
    opening = begin_opening(stack, folder, partial(recover_target, to=to))
    with reported(None) as reporting:
        opened = opening.opened(reporting)
        operator = telling(opened.operator, progress_printer(output), lock_timeout)
        if not yes:
            _confirm(opened, lambda: operator.plan_recover(to, options), output)
        report(operator.recover(to, options=options), output)


def release(
    version: Annotated[int, typer.Argument(help="The quarantined version.", min=1)],
    why: Annotated[str, typer.Option("--why", help="Kept in the journal.")] = "",
    yes: YesOption = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Lift a version's quarantine, so that the same content can be deployed again."""
    from rollback_plugin.journal.entries import Released

    controller = open_stack(stack, folder)
    found = controller.status().version(version)
    if found.quarantined:
        if not yes:
            ask(f"Release version {version} from quarantine ({found.reason})?", output)
        controller.journal.append_next(Released(version=version, explanation=why))
    if output is Output.JSON:
        print_json({"version": version, "released": found.quarantined})
    else:
        say(
            f"Version {version} is released: its content can be deployed again."
            if found.quarantined
            else f"Version {version} is not quarantined: nothing to do."
        )


def _keep_evidence(opened: "OperatedStack", result: "OperationResult", output: Output) -> None:
    """Keep what spoke against the version undone, as a watch would in its next round: there may be none. The rollback
    is done, whatever becomes of this."""
    undone = result.undoes
    if undone is None or not opened.operator.journal.facts().versions[undone].deployed.alarms:
        return
    from rollback_plugin.controller.beside import answered

    study = opened.watched().evidence
    if study is None:
        return
    try:
        kept = answered(study) if study.alarms_spoke_against(undone) else None
    except RollbackPluginError as error:
        warn(f"The rollback is done, but no evidence on version {undone} was kept: {error}")
        return
    if kept is not None and output is Output.TEXT:
        say(f"Evidence on version {kept.version} is kept: `rollback evidence {kept.version}`.")


def _confirm(opened: "OperatedStack", make_plan: "Callable[[], tuple[int, Plan]]", output: Output) -> None:
    """Show the plan, or what was begun and left, and ask for a yes. Raises `NotConfirmed`."""
    from rollback_plugin.report.plan_view import plan_view

    begun = opened.status().operation
    if begun is not None:
        ask(f"Carry on with the {begun.kind} to version {begun.target} that {begun.actor} began?", output)
        return
    target, plan = make_plan()
    if somebody_to_ask(output):
        show(plan_view(target, plan))
    if not plan.refusals:
        ask(f"Apply version {target} to {opened.operator.stack}?", output)
