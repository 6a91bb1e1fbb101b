"""What is taken from the engine's event log."""

from typing import Any

import pytest

from rollback_plugin.replay.events import Diagnostic, EngineEvent, ResourceStep, read_event
from tests.unit.replay.resources import QUEUE, urn

METADATA = {"op": "update", "urn": urn(QUEUE, "jobs"), "type": QUEUE, "diffs": ["tags"], "detailedDiff": None}


@pytest.mark.parametrize(
    ("event", "read"),
    [
        (
            {"resourcePreEvent": {"metadata": METADATA, "planning": True}},
            ResourceStep("started", "update", urn(QUEUE, "jobs"), QUEUE, ("tags",), preview=True),
        ),
        (
            {"resOutputsEvent": {"metadata": {**METADATA, "detailedDiff": {"tags.b": {}, "tags.a": {}}}}},
            ResourceStep("finished", "update", urn(QUEUE, "jobs"), QUEUE, ("tags.a", "tags.b")),
        ),
        (
            {"resOpFailedEvent": {"metadata": METADATA}},
            ResourceStep("failed", "update", urn(QUEUE, "jobs"), QUEUE, ("tags",)),
        ),
        (
            {"diagnosticEvent": {"message": "<{%reset%}>it broke<{%reset%}>\n", "severity": "error", "urn": "u"}},
            Diagnostic("error", "it broke", "u"),
        ),
        ({"diagnosticEvent": {"message": "still at it", "severity": "info", "ephemeral": True}}, None),
        ({"preludeEvent": {"config": {"shop:token": "x"}}}, None),
    ],
)
def test_an_event_is_reduced_to_names(event: dict[str, Any], read: EngineEvent | None) -> None:
    assert read_event(event) == read
