"""`rollback diff`: what one version changed against another."""

from typing import Annotated

import typer

from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption
from rollback_plugin.cli.printing import print_json, show, vars_of
from rollback_plugin.cli.session import open_comparison
from rollback_plugin.errors import UnknownVersion


def diff(
    first: Annotated[int, typer.Argument(metavar="A", help="A version.", min=1)],
    second: Annotated[
        int | None, typer.Argument(metavar="[B]", help="Another; without it, A against the version before.", min=1)
    ] = None,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """What version B changed against version A: program, config, plugins, resources, outputs. Secrets stay secret."""
    from rollback_plugin.report.changes_view import changes_view

    older, newer = (first - 1, first) if second is None else (first, second)
    if older == 0:
        raise UnknownVersion("Version 1 is the first: there is none before it. Name two versions: `rollback diff A B`.")
    found = open_comparison(stack, folder).between(older, newer)
    if output is Output.JSON:
        print_json(vars_of(found))
    else:
        show(changes_view(found))
