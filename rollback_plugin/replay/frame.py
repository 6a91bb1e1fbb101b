"""Makes two recordings of a stack comparable: values that came from outputs are put in the other recording's terms.

What was made anew has other ids and names than before, and everything that was made from them differs with it, though
nobody changed a thing. Relinking one recording to the other's outputs, as a replay relinks to live ones, takes these
differences away. What relinking can't tell stays as it is recorded.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollback_plugin.replay.property_values import ENGINE_INTERNAL, Value, as_the_program_gave_it
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.replay.relink import (
    LiveOutput,
    live_outputs,
    relink_output,
    relink_property,
    table_of,
    table_of_origins,
)


def in_terms_of(
    frame: Mapping[str, RecordedResource], resources: Sequence[RecordedResource]
) -> tuple[RecordedResource, ...]:
    """The resources with inputs as the program gave them (and what the engine keeps of a provider's plugin), and with
    inputs and component outputs in the frame's terms.

    Args:
        frame: by URN, the recording whose outputs count; what it lacks keeps its own terms.
    """
    recording = _Recording(frame, resources)
    return tuple(recording.translated(resource) for resource in resources)


class _Recording:
    def __init__(self, frame: Mapping[str, RecordedResource], resources: Sequence[RecordedResource]) -> None:
        self._outputs = {resource.urn: _paired(resource, frame.get(resource.urn)) for resource in resources}
        self._components = {resource.urn for resource in resources if not resource.custom}
        self._children: dict[str, list[str]] = defaultdict(list)
        for resource in resources:
            self._children[resource.parent].append(resource.urn)
        self._origins = table_of_origins(self._outputs.values())

    def translated(self, resource: RecordedResource) -> RecordedResource:
        given = as_the_program_gave_it(dict(resource.inputs))
        inputs = {key: self._input(resource, key, value) for key, value in given.items()}
        inputs.update({key: value for key, value in resource.inputs.items() if key == ENGINE_INTERNAL})
        if resource.custom:
            return replace(resource, inputs=inputs)
        outputs = {
            key: relink_output(key, value, self._origins, self._origins).value
            for key, value in resource.outputs.items()
        }
        return replace(resource, inputs=inputs, outputs=outputs)

    def _input(self, resource: RecordedResource, key: str, value: Value) -> Value:
        properties = resource.property_dependencies
        sources = properties.get(key, ()) if properties else resource.dependencies
        urns = sorted({below for urn in sources for below in self._with_descendants(urn)})
        return relink_property(key, value, table_of(self._outputs.get(urn, ()) for urn in urns)).value

    def _with_descendants(self, urn: str) -> Sequence[str]:
        """The resource, and where it is a component everything below it: its outputs come from there."""
        below = self._children[urn] if urn in self._components else ()
        return [urn, *(descendant for child in below for descendant in self._with_descendants(child))]


def _paired(resource: RecordedResource, frame: RecordedResource | None) -> tuple[LiveOutput, ...]:
    if not resource.custom or frame is None:
        return ()
    return live_outputs(
        resource.urn,
        {**resource.outputs, "id": resource.id},
        {**frame.outputs, "id": frame.id},
        as_the_program_gave_it(dict(resource.inputs)),
        known=True,
    )
