"""What one version changed against another, for people."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from rollback_plugin.versions.changes import ChangeKind, ResourceChange, ValueChange, VersionChanges
from rollback_plugin.versions.properties import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, signature
from rollback_plugin.versions.version import Source

LONGEST_VALUE = 60
"""Characters of a value that are shown; `--output json` has all of it."""
_SIGNS = {
    ChangeKind.MADE: ("+", "green"),
    ChangeKind.REMOVED: ("-", "red"),
    ChangeKind.CHANGED: ("~", "yellow"),
    ChangeKind.REPLACED: ("±", "magenta"),
}


def changes_view(changes: VersionChanges) -> RenderableType:
    """Where the program came from, then config, plugins, resources and the stack's outputs."""
    lines = [Text(f"Version {changes.after} against version {changes.before}", style="bold")]
    source = _source(changes.source_before), _source(changes.source_after)
    if source[0] != source[1]:
        lines.append(Text(f"source  {source[0]} → {source[1]}"))
    lines.extend(_section("config", changes.config))
    lines.extend(_section("plugins", changes.plugins))
    for resource in changes.resources:
        lines.extend(_resource(resource))
    lines.extend(_section("outputs", changes.outputs))
    if changes.nothing:
        lines.append(Text("Nothing differs in config, plugins, resources or outputs.", style="dim"))
    return Group(*lines)


def _section(name: str, values: Sequence[ValueChange]) -> Iterator[Text]:
    if values:
        yield Text(name)
        yield from map(_value, values)


def _resource(change: ResourceChange) -> Iterator[Text]:
    sign, style = _SIGNS[change.kind]
    name = change.urn.rsplit("::", 1)[-1]
    line = Text(f"{sign} {name}", style=style).append(f"  {change.type}", style="dim")
    if change.kind is ChangeKind.REPLACED:
        line.append("  (made anew)", style="dim")
    yield line
    yield from map(_value, change.values)


def _value(change: ValueChange) -> Text:
    return Text(f"    {change.path}: {_short(change.before)} → {_short(change.after)}")


def _short(value: Any) -> str:
    if value is None:
        return "(none)"
    if signature(value) in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
        what = value.get("path") or value.get("uri") or "bytes"
        return f"{what} ({str(value.get('hash', ''))[:8]})"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _source(source: Source | None) -> str:
    if source is None or source.commit is None:
        return "unknown"
    return f"{source.commit[:10]}{' with changes' if source.dirty else ''}"
