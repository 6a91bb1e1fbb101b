"""From a command's options to the stack they mean."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rollback_plugin.controller.assembly import StackController


def open_stack(stack: str | None, folder: Path) -> StackController:
    """Everything there is for one stack. Raises what `open_project` and `assemble` raise."""
    # Imported late: `rollback --help` needs none of it.
    from rollback_plugin.backend.project import open_project
    from rollback_plugin.controller.assembly import assemble

    project = open_project(folder.resolve(), stack, os.environ)
    return assemble(project, os.environ, clock=now)


def now() -> datetime:
    """The time, for everything below, which takes it from here."""
    return datetime.now(UTC)
