"""`rollback prune`: old versions are removed, but for what a rollback or a recovery could need."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from rollback_plugin.cli import session
from rollback_plugin.cli.asking import ask, somebody_to_ask
from rollback_plugin.cli.options import HERE, FolderOption, Output, OutputOption, StackOption, YesOption
from rollback_plugin.cli.printing import print_json, say

if TYPE_CHECKING:
    from rollback_plugin.controller.prune import Survey

KEEP = 100
DAYS = 90.0


def prune(
    keep: Annotated[int, typer.Option("--keep", help="So many of the newest versions stay.", min=1)] = KEEP,
    older_than: Annotated[
        float, typer.Option("--older-than", help="Only versions deployed longer ago than so many days go.", min=0)
    ] = DAYS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")] = False,
    yes: YesOption = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Remove old versions. What a rollback or a recovery could need stays, whatever the options say.

    Their entries stay in the journal. Bytes that only they needed go to the trash of the store, and are deleted by the
    first prune a week later.
    """
    from rollback_plugin.controller.retention import Retention

    retention = Retention(newest=keep, days=older_than)
    pruner = session.open_pruner(stack, folder)
    survey = pruner.survey(retention)
    if output is Output.TEXT and (dry_run or somebody_to_ask(output)):
        _tell(survey)
    changing = not (dry_run or survey.nothing_to_do)
    if changing and not yes:
        ask(f"Prune {pruner.stack}? Versions that are pruned can't be applied again.", output)
    pruned = pruner.prune(survey, retention) if changing else ()
    if output is Output.JSON:
        print_json({"done": changing, "pruned": pruned, "survey": survey})
    elif not dry_run:
        say(_said(survey, pruned) if changing else "Nothing to prune.")


def _tell(survey: "Survey") -> None:
    size = f"{survey.objects} objects, {survey.size_bytes} bytes"
    if survey.versions or survey.begun:
        say(f"Goes: {_versions(survey.versions + survey.begun)} ({size}).")
    if survey.discarded:
        say(f"In the trash: {survey.discarded} objects; {survey.due} of them for long enough to be deleted.")
    together = defaultdict[str, list[int]](list)
    for number, why in survey.kept.items():
        together[", ".join(why)].append(number)
    for reasons, numbers in together.items():
        say(f"Stays: {_versions(numbers)} ({reasons}).")


def _said(survey: "Survey", pruned: tuple[int, ...]) -> str:
    parts = []
    if pruned or survey.begun:
        parts.append(
            f"Pruned {_versions(pruned + survey.begun)}: {survey.objects} objects, {survey.size_bytes} bytes. Bytes lie"
            " in the trash for a week."
        )
    if survey.due:
        parts.append(f"{survey.due} objects left the trash for good.")
    return " ".join(parts) or "Nothing was pruned: everything is needed by now."


def _versions(numbers: Iterable[int]) -> str:
    """As ranges: `versions 1-4, 7`."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][-1] == number - 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    told = ", ".join("-".join(map(str, ends)) for ends in ranges)
    return f"version {told}" if len(ranges) == 1 and len(ranges[0]) == 1 else f"versions {told}"
