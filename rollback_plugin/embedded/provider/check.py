"""Check: from what the program says to the inputs the engine records.

Copies Check of pulumi/pulumi-terraform-bridge (pkg/tfbridge/provider.go, and schema.go: makeObjectTerraformInputs,
applyDefaults): defaults are filled in and listed in `__defaults` at every nested object, maps get no such list, and a
value that was a default before stays what it was, so an autoname survives. Before that, `region` and `tagsAll` are set
from the provider's configuration (pulumi/pulumi-aws, provider/region.go and tags.go), so they are never listed.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .configuration import Configuration
from .description import TAGS_ALL, Autoname, Kind, Property, ResourceType
from .values import (
    DEFAULTS_KEY,
    INTERNAL_KEYS,
    UNKNOWN,
    Archive,
    Asset,
    Properties,
    PropertyValue,
    contains_unknown,
)

_HEX = "0123456789abcdef"


@dataclass(frozen=True)
class Failure:
    """Why an input can't be used. `property` is a path such as `environment.variables`."""

    property: str
    reason: str


@dataclass(frozen=True)
class Naming:
    """What a made-up name is made of: the resource's name in the program, and the engine's seed (empty: random)."""

    name: str
    random_seed: bytes = b""


def check(
    resource: ResourceType, olds: Properties, news: Properties, naming: Naming, configuration: Configuration
) -> tuple[Properties, tuple[Failure, ...]]:
    """The inputs to record for `news`, given the inputs recorded before (`olds`, {} at first), and what is wrong."""
    checking = _Checking(naming, [])
    given = _with_provider_settings(resource, news, configuration)
    inputs = checking.object(resource.properties, olds, given, "", resource.token)
    if not checking.failures:
        reasons = resource.further_failures(inputs)
        checking.failures.extend(Failure(name, f"{reason}. {checking.place(name)}") for name, reason in reasons.items())
    return inputs, tuple(checking.failures)


def _with_provider_settings(resource: ResourceType, news: Properties, configuration: Configuration) -> Properties:
    given = dict(news)
    if resource.regional and given.get("region") is None and configuration.region:
        given["region"] = configuration.region
    if resource.tagged:
        tags = given.get("tags")
        own = tags if isinstance(tags, dict) else {}
        given[TAGS_ALL.name] = UNKNOWN if contains_unknown(tags) else {**configuration.default_tags, **own}
    return given


@dataclass(frozen=True)
class _Checking:
    naming: Naming
    failures: list[Failure]

    def place(self, path: str) -> str:
        return f"Examine values at '{self.naming.name}.{path}'."

    def fail(self, path: str, reason: str) -> None:
        self.failures.append(Failure(path, f"{reason}. {self.place(path)}"))

    def object(
        self, described: Sequence[Property], olds: Properties, news: Properties, path: str, owner: str
    ) -> Properties:
        by_name = {each.name: each for each in described}
        result: Properties = {}
        for name, value in news.items():
            if name in INTERNAL_KEYS or value is None:
                continue
            property_ = by_name.get(name)
            if property_ is None:
                self.fail(path + name, f"The stand-in aws provider does not know the property '{name}' of {owner}")
            elif property_.output:
                self.fail(path + name, f"'{name}' is an output of {owner} and can't be set")
            else:
                result[name] = self.value(property_, olds.get(name), value, path + name)
        self._check_conflicts(described, result, path)
        self._apply_defaults(described, olds, result)
        for each in described:
            if each.required and each.name not in result:
                self.fail(
                    path + each.name,
                    f'Missing required argument. The argument "{each.name}" is required, but no definition was found',
                )
        return result

    def _check_conflicts(self, described: Sequence[Property], result: Properties, path: str) -> None:
        for each in described:
            for other in each.conflicts_with:
                if each.name in result and other in result:
                    self.fail(
                        path + each.name, f'Conflicting configuration arguments. "{each.name}": conflicts with {other}'
                    )

    def _apply_defaults(self, described: Sequence[Property], olds: Properties, result: Properties) -> None:
        listed = olds.get(DEFAULTS_KEY)
        defaults: list[str] = []
        for each in described:
            if each.output or each.name in result or any(other in result for other in each.conflicts_with):
                continue
            if each.autoname is None and each.default is None:
                continue
            if each.name in olds and (listed is None or each.name in listed):
                result[each.name] = olds[each.name]
            elif each.autoname is not None:
                result[each.name] = self._made_up_name(each.autoname, each.name, result)
            else:
                result[each.name] = each.default
            defaults.append(each.name)
        result[DEFAULTS_KEY] = sorted(defaults)

    def _made_up_name(self, autoname: Autoname, property_name: str, siblings: Properties) -> str:
        name = self.naming.name.lower() if autoname.lower_case else self.naming.name
        if autoname.random_length:
            name = f"{name}-{_random_digits(self.naming.random_seed, autoname.random_length)}"
        if len(name) > autoname.max_length:
            self.fail(
                property_name,
                f"name '{name[: -autoname.random_length]}' plus {autoname.random_length} random chars is longer than "
                f"maximum length {autoname.max_length}",
            )
        if autoname.suffix_when is not None and siblings.get(autoname.suffix_when[0]) is True:
            name += autoname.suffix_when[1]
        return name if name.startswith(autoname.prefix) else autoname.prefix + name

    def value(self, described: Property, old: PropertyValue, new: PropertyValue, path: str) -> PropertyValue:
        if new is UNKNOWN:
            return UNKNOWN
        match described.kind:
            case Kind.OBJECT:
                if isinstance(new, dict):
                    nested_old = old if isinstance(old, dict) else {}
                    return self.object(described.fields, nested_old, new, path + ".", f"'{path}'")
            case Kind.LIST | Kind.SET:
                if isinstance(new, list):
                    element = described.element or Property("")
                    olds = old if isinstance(old, list) else []
                    return [
                        self.value(element, olds[index] if index < len(olds) else None, member, f"{path}[{index}]")
                        for index, member in enumerate(new)
                    ]
            case Kind.MAP:
                if isinstance(new, dict):
                    element = described.element or Property("")
                    return {key: self.value(element, None, member, f"{path}.{key}") for key, member in new.items()}
            case Kind.JSON:
                return self._json(described, new, path)
            case Kind.ASSET:
                if isinstance(new, Asset | Archive):
                    return new
            case Kind.ARCHIVE:
                if isinstance(new, Archive):
                    return new
                if isinstance(new, Asset):
                    self.fail(path, f"expected an archive, but '{described.name}' is an asset")
                    return new
            case _:
                return self._scalar(described.kind, new, path)
        self.fail(path, f"'{described.name}' expected type '{described.kind.value}', got {_type_name(new)}")
        return new

    def _json(self, described: Property, new: PropertyValue, path: str) -> PropertyValue:
        if contains_unknown(new):
            return UNKNOWN
        if isinstance(new, dict | list):
            return normalized_json(new)
        if not isinstance(new, str):
            self.fail(path, f"'{described.name}' expected a JSON document, got {_type_name(new)}")
            return new
        if not new:
            return new
        try:
            document = json.loads(new)
        except json.JSONDecodeError as error:
            self.fail(path, f'"{described.name}" contains an invalid JSON: {error}')
            return new
        return normalized_json(document) if described.normalized else new

    def _scalar(self, kind: Kind, new: PropertyValue, path: str) -> PropertyValue:
        converted = coerced_scalar(kind, new)
        if converted is None:
            name = path.rsplit(".", 1)[-1]
            self.fail(path, f"'{name}' expected type '{kind.value}', got unconvertible type '{_type_name(new)}'")
            return new
        return converted


def coerced_scalar(kind: Kind, value: PropertyValue) -> PropertyValue:
    """`value` as `kind`, converted between strings, numbers and booleans as Terraform does; None when it can't be."""
    match kind, value:
        case Kind.STRING, str():
            return value
        case Kind.STRING, bool():
            return "true" if value else "false"
        case Kind.STRING, int() | float():
            return json.dumps(value)
        case Kind.BOOLEAN, bool():
            return value
        case Kind.BOOLEAN, "true" | "false":
            return value == "true"
        case Kind.INTEGER, bool():
            return None
        case Kind.INTEGER, int() | float():
            return int(value)
        case Kind.NUMBER, bool():
            return None
        case Kind.NUMBER, int() | float():
            return value
        case ((Kind.INTEGER | Kind.NUMBER), str()):
            try:
                number = float(value)
            except ValueError:
                return None
            return int(number) if number.is_integer() else (number if kind is Kind.NUMBER else None)
        case _:
            return None


def normalized_json(document: Any) -> str:
    """As Go's encoding/json writes it: keys sorted, no blanks, `<`, `>` and `&` escaped."""
    written = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return written.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _random_digits(seed: bytes, count: int) -> str:
    if not seed:
        return "".join(secrets.choice(_HEX) for _ in range(count))
    return hashlib.sha256(seed).hexdigest()[:count]


def _type_name(value: PropertyValue) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "list"
        case Mapping():
            return "map"
        case _:
            return type(value).__name__.lower()
