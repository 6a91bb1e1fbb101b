"""Options that mean the same in every command."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rollback_plugin.journal.options import ConflictPolicy, DataPolicy, Strategy


class Output(StrEnum):
    """How a command answers: words for people, or one JSON document on stdout."""

    TEXT = "text"
    JSON = "json"


StackOption = Annotated[
    str | None,
    typer.Option("--stack", "-s", help="The stack; otherwise the selected one.", envvar="PULUMI_STACK"),
]
FolderOption = Annotated[
    Path, typer.Option("--cwd", "-C", help="The Pulumi project's folder, or one below it.", file_okay=False)
]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="Words, or one JSON document.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before changing anything.")]
TargetOption = Annotated[int | None, typer.Option("--to", help="The version to apply.", min=1)]
DataOption = Annotated[
    DataPolicy,
    typer.Option(
        "--data",
        help="Data-bearing resources that only the newer version has: keep them, or follow what the version's "
        "own program would do.",
    ),
]
ConflictsOption = Annotated[
    ConflictPolicy,
    typer.Option(
        "--conflicts",
        help="Where the version and what was deployed since its rollback changed the same thing: refuse, or take the "
        "version's or the current one.",
    ),
]
StrategyOption = Annotated[
    Strategy,
    typer.Option(
        "--strategy",
        help="Re-apply the version's recorded snapshot, or run its recorded program again (source). auto: the "
        "snapshot, and the program where the plan says that the snapshot can't be re-applied.",
    ),
]
LockTimeoutOption = Annotated[
    float,
    typer.Option("--lock-timeout", help="How long somebody else's update is waited for, in seconds.", min=0),
]
HERE = Path()
LOCK_TIMEOUT_SECONDS = 600.0
