"""What a preview says of the outputs, and what of a state are the inputs that would make it.

planned_creation and planned_update copy Terraform's proposed state as the bridge shows it (pkg/tfbridge/provider.go,
Create and Update with preview set). extracted_inputs copies ExtractInputsFromOutputs (pkg/tfbridge/schema.go).
"""

from collections.abc import Sequence

from .description import Kind, Property, ResourceType
from .diff import Comparison, differs, same
from .values import DEFAULTS_KEY, UNKNOWN, Archive, Asset, Properties, PropertyValue, Secret, without_internal_keys


def planned_creation(resource: ResourceType, inputs: Properties) -> Properties:
    """The outputs of a resource about to be created: its inputs, and unknown for whatever AWS will supply."""
    return _with_unknowns(resource.properties, inputs)


def _with_unknowns(described: Sequence[Property], inputs: Properties) -> Properties:
    planned: Properties = {}
    for each in described:
        value = inputs.get(each.name)
        if value is not None:
            planned[each.name] = _known_with_unknowns(each, value)
        elif each.output or each.computed:
            planned[each.name] = UNKNOWN
    return planned


def _known_with_unknowns(described: Property, value: PropertyValue) -> PropertyValue:
    if described.kind is Kind.OBJECT and isinstance(value, dict):
        return _with_unknowns(described.fields, value)
    if described.kind in (Kind.LIST, Kind.SET) and isinstance(value, list) and described.element is not None:
        return [_known_with_unknowns(described.element, member) for member in value]
    return value


def planned_update(resource: ResourceType, state: Properties, inputs: Properties, comparison: Comparison) -> Properties:
    """The outputs of a resource about to be updated: unknown only for what this change makes AWS supply anew."""
    planned = without_internal_keys(state)
    for each in resource.inputs:
        if each.name not in comparison.changed:
            continue
        value = inputs.get(each.name)
        if value is None:
            planned.pop(each.name, None)
        else:
            planned[each.name] = _merged(each, state.get(each.name), without_internal_keys(value))
    for name in resource.recomputed(comparison.changed, inputs):
        planned[name] = UNKNOWN
    return dict(planned)


def _merged(described: Property, old: PropertyValue, new: PropertyValue) -> PropertyValue:
    """`new`, with what AWS computed of a nested object kept from `old`."""
    if described.kind is not Kind.OBJECT or not isinstance(old, dict) or not isinstance(new, dict):
        return new
    computed = {each.name for each in described.fields if each.output or each.computed}
    return {name: value for name, value in old.items() if name in computed} | new


def with_unreadable(resource: ResourceType, read: Properties, known: Properties) -> Properties:
    """`read` and, for what no AWS call gives back, what was known before (at import: the default)."""
    state = dict(read)
    for each in resource.inputs:
        if each.readable or each.name in state:
            continue
        value = known.get(each.name, each.default)
        if value is not None:
            state[each.name] = without_internal_keys(value)
    return state


def extracted_inputs(resource: ResourceType, old_inputs: Properties, state: Properties) -> Properties:
    """The inputs to record beside a freshly read `state`.

    After a refresh: the recorded inputs, with what has drifted replaced and no longer listed as a default. On import
    ({} recorded): every property of the state that can be set and isn't at its default.
    """
    if old_inputs:
        return _refreshed(resource.inputs, old_inputs, state)
    return _imported(resource.inputs, state)


def _refreshed(described: Sequence[Property], old_inputs: Properties, state: Properties) -> Properties:
    result: Properties = {}
    drifted: set[str] = set()
    for each in described:
        if each.name not in old_inputs:
            continue
        old, live = old_inputs[each.name], state.get(each.name)
        if live is None:
            if _says_nothing(old):
                result[each.name] = old
            else:
                drifted.add(each.name)
        elif each.kind is Kind.OBJECT and isinstance(old, dict) and isinstance(live, dict):
            result[each.name] = _refreshed(each.fields, old, live)
        elif _unchanged(each, old, live):
            result[each.name] = old
        else:
            result[each.name] = live
            drifted.add(each.name)
    if DEFAULTS_KEY in old_inputs:
        result[DEFAULTS_KEY] = [name for name in old_inputs[DEFAULTS_KEY] if name not in drifted]
    return result


def _says_nothing(value: PropertyValue) -> bool:
    return value is False or value in ("", 0) or value == [] or without_internal_keys(value) == {}


def _unchanged(described: Property, old: PropertyValue, live: PropertyValue) -> bool:
    return not differs(described, live, without_internal_keys(old))


def _imported(described: Sequence[Property], state: Properties) -> Properties:
    result: Properties = {}
    for each in described:
        value = state.get(each.name)
        if value is None or _says_nothing(value) or (each.default is not None and same(each, each.default, value)):
            continue
        if each.kind is Kind.OBJECT and isinstance(value, dict):
            result[each.name] = _imported([field for field in each.fields if not field.output], value)
        else:
            result[each.name] = value
    result[DEFAULTS_KEY] = []
    return result


def with_secrets(resource: ResourceType, properties: Properties) -> Properties:
    """`properties`, with those the type declares sensitive marked secret."""
    marked = dict(properties)
    for each in resource.properties:
        value = marked.get(each.name)
        if (
            each.secret
            and value is not None
            and value is not UNKNOWN
            and not isinstance(value, Secret | Asset | Archive)
        ):
            marked[each.name] = Secret(value)
    return marked
