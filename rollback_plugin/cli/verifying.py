"""`rollback verify`: whether everything that a rollback could need is still what was kept."""

import typer

from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption
from rollback_plugin.cli.printing import print_json, show, vars_of
from rollback_plugin.cli.session import open_stack


def verify(stack: StackOption = None, folder: FolderOption = HERE, output: OutputOption = Output.TEXT) -> None:
    """Read and hash the stack's journal, its versions and all they lead to. Exits with 1 where something is damaged."""
    from rich.console import Group
    from rich.text import Text

    from rollback_plugin.controller.integrity import integrity_of

    controller = open_stack(stack, folder)
    found = integrity_of(controller.journal, controller.archive)
    if output is Output.JSON:
        print_json(vars_of(found))
    else:
        counted = f"{found.entries} journal entries, {found.versions} versions and {found.blobs} other objects"
        counted += f" ({found.pruned} versions were pruned)" if found.pruned else ""
        problems = [*(f"version {each.version}: {each.found}" for each in found.problems), *found.compacted]
        verdict = f"{len(problems)} problems" if problems else "all as they were kept"
        show(Group(Text(f"{counted}: {verdict}."), *(Text(problem, style="red") for problem in problems)))
    if found.problems or found.compacted:
        raise typer.Exit(1)
