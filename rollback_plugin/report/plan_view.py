"""A plan, and a judgement of a deploy that hasn't happened, for people."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.replay.plan import Action, DataEffect, Plan, Step
from rollback_plugin.replay.requirements import Credentials, Requirements
from rollback_plugin.replay.undoing import Undoing
from rollback_plugin.report.way_back import STYLES

_ACTION_SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.KEEP: ("=", "cyan"),
}
_DATA_WORDS = {
    DataEffect.NONE: "",
    DataEffect.UNTOUCHED: "data untouched",
    DataEffect.KEPT: "data kept",
    DataEffect.EMPTY: "comes back empty",
    DataEffect.LOST: "data lost",
}
_CREDENTIALS_WORDS = {
    Credentials.NOT_NEEDED: "none of AWS",
    Credentials.FOUND: "found",
    Credentials.MISSING: "missing",
    Credentials.OF_THE_PROVIDER: "a provider's own, not tried",
    Credentials.NOT_CHECKED: "not looked for",
}


def plan_view(target: int, plan: Plan) -> RenderableType:
    """What applying the version would do and takes; resources that stay as they are only counted."""
    steps = Table(box=None, pad_edge=False, show_header=False)
    for step in plan.steps:
        if step.action in _ACTION_SIGNS:
            sign, style = _ACTION_SIGNS[step.action]
            name = Text(step.urn.rsplit("::", 1)[-1], style=style)
            steps.add_row(Text(sign, style=style), name, Text(step.type, style="dim"), step.reason, _effects(step))
    notes = ", but see the notes" if plan.verdict is Reversibility.REVERSIBLE_BUT else ""
    unchanged = sum(step.action is Action.SAME for step in plan.steps)
    lines: list[RenderableType] = [
        Text(f"Applying version {target}: {plan.verdict.words}{notes}.", style="bold"),
        steps,
        Text(f"{unchanged} unchanged.", style="dim"),
    ]
    lines.extend(Text(f"note: {remark.urn.rsplit('::', 1)[-1]}: {remark.text}") for remark in plan.remarks)
    lines.extend(Text(f"refused: {refusal}", style="bold red") for refusal in plan.refusals)
    lines.extend(Text(line, style="dim") for line in _needs(plan.needs))
    return Group(*lines)


def undoing_view(undoing: Undoing) -> RenderableType:
    """Whether a deploy could be undone, and why not."""
    changed = sum(step.action is not Action.SAME for step in undoing.steps)
    words = {
        Reversibility.ONE_WAY: "This deploy can't be undone, because:",
        Reversibility.REVERSIBLE_BUT: "This deploy can be undone, but:",
    }.get(undoing.verdict, "This deploy can be undone.")
    lines: list[RenderableType] = [Text(words, style=f"bold {STYLES[undoing.verdict].removeprefix('bold ')}")]
    lines.extend(Text(f"  - {refusal}", style="bold red") for refusal in undoing.refusals)
    lines.extend(Text(f"  - {remark}" if remark.urn else f"  - {remark.text}") for remark in undoing.remarks)
    lines.append(Text(f"{changed} {'resource' if changed == 1 else 'resources'} would change.", style="dim"))
    return Group(*lines)


def _effects(step: Step) -> str:
    found = [_DATA_WORDS[step.data], "missing in between" if step.gap else ""]
    return ", ".join(words for words in found if words)


def _needs(needs: Requirements) -> Iterator[str]:
    if needs.assets:
        assets = "1 asset" if needs.assets == 1 else f"{needs.assets} assets"
        yield f"needs {assets} of the store, {needs.asset_bytes} bytes"
    if needs.plugins:
        listed = ", ".join(f"{plugin}{'' if plugin.installed else ' (not installed)'}" for plugin in needs.plugins)
        yield f"needs the plugins {listed}; AWS credentials: {_CREDENTIALS_WORDS[needs.credentials]}"
    if needs.estimate is not None:
        yield f"takes {needs.estimate}"
