"""Between properties and the members of AWS requests and responses, along `Property.api`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .check import coerced_scalar
from .description import Kind, Property
from .values import INTERNAL_KEYS, Properties, PropertyValue


def request_members(
    described: Sequence[Property], properties: Mapping[str, PropertyValue], only: Collection[str] | None = None
) -> dict[str, Any]:
    """The request members for `properties` (those in `only`, if given); those without an `api` name are left out."""
    return {
        each.api: request_value(each, properties[each.name])
        for each in described
        if each.api and properties.get(each.name) is not None and (only is None or each.name in only)
    }


def request_value(described: Property, value: PropertyValue) -> Any:
    """`value` as the AWS API takes it."""
    match described.kind:
        case Kind.OBJECT:
            return request_members(described.fields, value)
        case Kind.LIST | Kind.SET:
            return [request_value(described.element or Property(""), member) for member in value]
        case Kind.MAP:
            return {key: member for key, member in value.items() if key not in INTERNAL_KEYS}
        case _:
            return value


def properties_of(described: Sequence[Property], members: Mapping[str, Any]) -> Properties:
    """The properties in an AWS response; members AWS left out, or gave as null, are left out."""
    return {
        each.name: property_value(each, members[each.api])
        for each in described
        if each.api and members.get(each.api) is not None
    }


def property_value(described: Property, value: Any) -> PropertyValue:
    """What AWS answered, as a property value of the described kind."""
    match described.kind:
        case Kind.OBJECT:
            return properties_of(described.fields, value)
        case Kind.LIST | Kind.SET:
            return [property_value(described.element or Property(""), member) for member in value]
        case Kind.MAP:
            return dict(value)
        case Kind.STRING | Kind.INTEGER | Kind.NUMBER | Kind.BOOLEAN:
            return coerced_scalar(described.kind, value)
        case _:
            return value


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags as most APIs take them: `[{"Key": …, "Value": …}]`."""
    return [{"Key": key, "Value": value} for key, value in sorted((tags or {}).items()) if key not in INTERNAL_KEYS]


def tags_of(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {each["Key"]: each.get("Value", "") for each in tags or ()}


def with_tags(
    state: Properties, tags: Mapping[str, str], known: Mapping[str, PropertyValue], defaults: Mapping[str, str]
) -> Properties:
    """`state` with `tagsAll` as AWS has them, and `tags` without those only the provider's default tags explain."""
    own = known.get("tags") or {}
    state["tagsAll"] = dict(tags)
    state["tags"] = {key: value for key, value in tags.items() if key in own or defaults.get(key) != value}
    return state


def tag_changes(old: Mapping[str, PropertyValue], new: Mapping[str, PropertyValue]) -> tuple[dict[str, str], list[str]]:
    """The tags to set and the tag keys to remove, to get from one resource's `tagsAll` to another's."""
    before, after = old.get("tagsAll") or {}, new.get("tagsAll") or {}
    changed = {key: value for key, value in after.items() if key not in INTERNAL_KEYS and before.get(key) != value}
    return changed, sorted(key for key in before if key not in after)
