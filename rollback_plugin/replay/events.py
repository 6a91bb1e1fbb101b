"""What the engine says while it works, reduced to what a person or the plan needs: no property values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class EngineStarted:
    """The engine's process runs; a lock it leaves behind when killed carries this process id."""

    process_id: int


@dataclass(frozen=True, slots=True)
class ResourceStep:
    """One resource is about to be worked on, is done, or failed."""

    stage: Literal["started", "finished", "failed"]
    operation: str
    """The engine's own word: same, create, update, delete, replace, create-replacement, delete-replaced, read, refresh,
    discard …"""
    urn: str
    type: str
    properties: tuple[str, ...] = ()
    """Paths of the properties that differ; names only."""
    preview: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message of the engine or a provider, secrets already blanked out by the engine."""

    severity: Literal["info", "info#err", "warning", "error", "debug"]
    message: str
    urn: str = ""


EngineEvent = EngineStarted | ResourceStep | Diagnostic


def ignore_events(event: EngineEvent) -> None:
    """For whoever doesn't watch the engine work."""


def read_event(event: Mapping[str, Any]) -> EngineEvent | None:
    """Translate one line of the engine's event log (apitype.EngineEvent in sdk/go/common/apitype/events.go).

    Returns None for events nobody here needs: prelude, progress of downloads, the summary.
    """
    if diagnostic := event.get("diagnosticEvent"):
        if diagnostic.get("ephemeral"):
            return None
        return Diagnostic(diagnostic["severity"], _uncoloured(diagnostic["message"]).strip(), diagnostic.get("urn", ""))
    for key, stage in (
        ("resourcePreEvent", "started"),
        ("resOutputsEvent", "finished"),
        ("resOpFailedEvent", "failed"),
    ):
        if found := event.get(key):
            return _step(found["metadata"], stage, bool(found.get("planning")))  # type: ignore[arg-type]
    return None


def _step(metadata: Mapping[str, Any], stage: Literal["started", "finished", "failed"], preview: bool) -> ResourceStep:
    detailed = metadata.get("detailedDiff") or {}
    properties = tuple(sorted(detailed)) or tuple(metadata.get("diffs") or ())
    return ResourceStep(stage, metadata["op"], metadata["urn"], metadata["type"], properties, preview)


def _uncoloured(text: str) -> str:
    """Drop the engine's colour directives, such as `<{%reset%}>` (sdk/go/common/diag/colors/colors.go)."""
    while (start := text.find("<{%")) >= 0 and (end := text.find("%}>", start)) >= 0:
        text = text[:start] + text[end + 3 :]
    return text
