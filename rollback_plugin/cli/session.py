"""From a command's options to the stack they mean."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from rollback_plugin.backend.project import Project
    from rollback_plugin.controller.comparison import Comparison
    from rollback_plugin.controller.deploy_gate import DeployGate
    from rollback_plugin.controller.fleet import Fleet
    from rollback_plugin.controller.opened_ahead import FindTarget
    from rollback_plugin.controller.operate import Operator
    from rollback_plugin.controller.operated_stack import OperatedStack
    from rollback_plugin.controller.progress import Progress
    from rollback_plugin.controller.prune import Pruner
    from rollback_plugin.controller.records import StackRecords
    from rollback_plugin.controller.reporting import Reporting
    from rollback_plugin.controller.stack_controller import StackController
    from rollback_plugin.replay.engine import Engine


def now() -> datetime:
    """The time, for everything below, which takes it from here."""
    return datetime.now(UTC)


def open_stack(stack: str | None, folder: Path, reporting: "Reporting | None" = None) -> "StackController":
    """Everything there is for one stack; `reporting` hears of what is done. Raises what `open_project` and
    `operated_stack` raise."""
    # Imported late: `rollback --help` needs none of it.
    from rollback_plugin.backend.project import open_project
    from rollback_plugin.controller.operated_stack import operated_stack
    from rollback_plugin.controller.reporting import UNREPORTED

    project = open_project(folder.resolve(), stack, os.environ)
    opened = operated_stack(project, os.environ, clock=now, reporting=reporting or UNREPORTED).watched()
    if reporting is None:
        _keep_retries_quiet()
    return opened


class OpeningStack(Struct, frozen=True):
    """A stack whose secrets an engine is opening, for one operation, with which the process ends."""

    project: "Project"
    engine: "Engine"

    def opened(self, reporting: "Reporting") -> "OperatedStack":
        """As `open_stack` does it, but for what watches."""
        from rollback_plugin.controller.operated_stack import operated_stack

        return operated_stack(self.project, os.environ, clock=now, reporting=reporting, engine=self.engine)


def begin_opening(stack: str | None, folder: Path, find_target: "FindTarget") -> OpeningStack:
    """To be done before all else: what is loaded meanwhile costs nothing. Raises what `open_project` raises."""
    from rollback_plugin.backend.project import open_project
    from rollback_plugin.controller.opened_ahead import engine_opening_ahead

    project = open_project(folder.resolve(), stack, os.environ)
    return OpeningStack(project, engine_opening_ahead(project, os.environ, now, find_target))


def open_records(stack: str | None, folder: Path) -> "StackRecords":
    """What is kept of one stack, to be read only. Raises what `open_project` and `records_of` raise."""
    from rollback_plugin.backend.project import open_project
    from rollback_plugin.controller.records import records_of

    opened = records_of(open_project(folder.resolve(), stack, os.environ), os.environ, now)
    _keep_retries_quiet()
    return opened


def open_fleet(
    scratch: Path, reporting: "Reporting", store_url: str | None = None, patterns: tuple[str, ...] = ()
) -> "Fleet":
    """The stacks of the backend in PULUMI_BACKEND_URL, without their projects; `reporting` hears of what is done.
    Raises `NotLoggedIn`."""
    from rollback_plugin.controller.fleet import Fleet

    return Fleet.of_backend(os.environ, scratch, now, store_url=store_url, patterns=patterns, reporting=reporting)


def open_gate(stack: str | None, folder: Path) -> "DeployGate":
    """What judges deploys of one stack before they happen. Raises what `open_project` and `deploy_gate_of` raise."""
    from rollback_plugin.backend.project import open_project
    from rollback_plugin.controller.deploy_gate import deploy_gate_of

    opened = deploy_gate_of(open_project(folder.resolve(), stack, os.environ), os.environ, now)
    _keep_retries_quiet()
    return opened


def open_comparison(stack: str | None, folder: Path) -> "Comparison":
    """What compares versions of one stack. Raises what `open_project` and `comparison_of` raise."""
    from rollback_plugin.backend.project import open_project
    from rollback_plugin.controller.comparison import comparison_of

    opened = comparison_of(open_project(folder.resolve(), stack, os.environ), os.environ, now)
    _keep_retries_quiet()
    return opened


def open_pruner(stack: str | None, folder: Path) -> "Pruner":
    """What removes old versions of one stack. Raises what `open_project` and `pruner_of` raise."""
    from rollback_plugin.backend.project import open_project
    from rollback_plugin.controller.prune import pruner_of

    opened = pruner_of(open_project(folder.resolve(), stack, os.environ), os.environ, now)
    _keep_retries_quiet()
    return opened


def telling(operator: "Operator", on_progress: "Callable[[Progress], None]", lock_timeout_seconds: float) -> "Operator":
    """The same operator, which tells of its progress and waits so long for other people's updates."""
    return replace(operator, on_progress=on_progress, lock_patience_seconds=lock_timeout_seconds)


def _keep_retries_quiet() -> None:
    """Stamina's own hook would print every retry to stdout, into the JSON document. What was opened without it, such as
    a folder, is not asked again."""
    if "stamina" in sys.modules:
        import stamina.instrumentation

        stamina.instrumentation.set_on_retry_hooks(())
