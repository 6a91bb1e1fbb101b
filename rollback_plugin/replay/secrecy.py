"""Keeps secret what became secret since a version was recorded.

An output that was once marked secret (`additionalSecretOutputs`) stays so while its resource stays as it is (SameStep
in pkg/resource/deploy/step.go, v3.259.0). A program that is run again gets the mark with the output and hands it on;
what is put together from a recorded value has to be given it.
"""

from collections.abc import Collection

from rollback_plugin.replay.property_values import OUTPUT_VALUE, SECRET, Value, secret, signature
from rollback_plugin.replay.relink import SHORTEST_EMBEDDED, OutputTable


def as_secret_as_live(value: Value, table: OutputTable) -> Value:
    """Mark those texts of a relinked value in which an output is seen that is secret by now and wasn't when the value
    was recorded; what is secret already stays as it is.

    table: the outputs that the value may come from.
    """
    live = {output.live for output in table.outputs if output.newly_secret and isinstance(output.live, str)}
    texts = {text for text in live if len(text) >= SHORTEST_EMBEDDED}
    return _marked(value, texts) if texts else value


def _marked(value: Value, texts: Collection[str]) -> Value:
    kind = signature(value)
    if kind == SECRET:
        return value
    if kind == OUTPUT_VALUE:
        return {**value, "value": _marked(value.get("value"), texts)}
    if kind is None and isinstance(value, dict):
        return {key: _marked(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item, texts) for item in value]
    return secret(value) if isinstance(value, str) and any(text in value for text in texts) else value
