"""How a resource type is described: its properties, and the AWS calls behind it.

A description is data. `check`, `diff`, `plan` and `extract` read it and do everything that is the same for all types;
what differs (which API creates it, how its state is read back) is four functions in `Operations`.
Property facts come from the schemas in hashicorp/terraform-provider-aws, internal/service/<service>/<type>.go,
overlaid by pulumi/pulumi-aws, provider/resource_overrides.go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from .cloud import Cloud
from .values import Properties, PropertyValue


class Kind(Enum):
    """What a property holds."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "JSON document"
    LIST = "list"
    SET = "set"
    MAP = "map"
    OBJECT = "object"
    ASSET = "asset"
    ARCHIVE = "archive"


@dataclass(frozen=True)
class Autoname:
    """How a name is made up when the program gives none: `<resource name>-<7 hex digits>`.

    `random_length` 0 takes the resource name as it is. A name longer than `max_length` characters is a failure, as in
    the bridge. `suffix_when` names a boolean input and what is appended when it is true (`.fifo`). `prefix` is put in
    front of a name that hasn't got it (`alias/`).
    """

    max_length: int = 255
    random_length: int = 7
    lower_case: bool = False
    suffix_when: tuple[str, str] | None = None
    prefix: str = ""


@dataclass(frozen=True)
class Property:
    """One property of a resource type or of a nested object.

    name: in Pulumi's camelCase. api: the member's name in the AWS API, "" when it has no such name.
    default: recorded in `__defaults` when the program gives no value. computed: AWS supplies a value when the program
    doesn't. output: never an input. readable: False when no AWS call gives it back, so the last known value is kept.
    replaces: a change needs a new resource. normalized: the bridge rewrites the JSON document (sorted, compact).
    """

    name: str
    kind: Kind = Kind.STRING
    api: str = ""
    element: "Property | None" = None
    fields: "tuple[Property, ...]" = ()
    required: bool = False
    default: PropertyValue = None
    computed: bool = False
    output: bool = False
    readable: bool = True
    replaces: bool = False
    secret: bool = False
    normalized: bool = False
    autoname: Autoname | None = None
    conflicts_with: tuple[str, ...] = ()
    equivalent: Callable[[PropertyValue, PropertyValue], bool] | None = None


@dataclass(frozen=True)
class Change:
    """An update to make: the state so far, the inputs wanted, and the names of the top-level properties that differ."""

    old: Properties
    new: Properties
    changed: frozenset[str]

    def any_of(self, *names: str) -> bool:
        return not self.changed.isdisjoint(names)


def _nothing_to_settle(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Most resources are finished by the call that makes them."""


@dataclass(frozen=True)
class Operations:
    """The AWS calls of a resource type.

    create: inputs to id. settle: what is left to do once it exists; if it fails, the resource is kept
    and updated next time. read: id and what is known of it ({} on import) to its properties, None when it is gone.
    update: brings the resource from `old` to `new`. delete: removes it; deleting what is gone is no error.
    """

    create: Callable[[Cloud, Properties], str]
    read: Callable[[Cloud, str, Properties], Properties | None]
    update: Callable[[Cloud, str, Change], None]
    delete: Callable[[Cloud, str, Properties], None]
    settle: Callable[[Cloud, str, Properties], None] = _nothing_to_settle


def _nothing_recomputed(_changed: frozenset[str], _new: Mapping[str, PropertyValue]) -> frozenset[str]:
    return frozenset()


def _no_further_failures(_inputs: Mapping[str, PropertyValue]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class ResourceType:
    """A resource type the provider serves.

    token: Pulumi's type token. title: as messages name it. delete_before_replace: always, whatever the name.
    recomputed: given the changed properties and the new inputs, the outputs an update makes unknown (Terraform's
    SetNewComputed). further_failures: property name to reason, for what the property table can't say.
    """

    token: str
    title: str
    properties: tuple[Property, ...]
    operations: Operations
    regional: bool = True
    tagged: bool = False
    delete_before_replace: bool = False
    recomputed: Callable[[frozenset[str], Mapping[str, PropertyValue]], frozenset[str]] = _nothing_recomputed
    further_failures: Callable[[Mapping[str, PropertyValue]], Mapping[str, str]] = _no_further_failures
    by_name: Mapping[str, Property] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        extra: tuple[Property, ...] = ()
        if self.regional:
            extra += (REGION,)
        if self.tagged:
            extra += (TAGS, TAGS_ALL)
        object.__setattr__(self, "properties", self.properties + extra)
        object.__setattr__(self, "by_name", {each.name: each for each in self.properties})

    @property
    def inputs(self) -> tuple[Property, ...]:
        return tuple(each for each in self.properties if not each.output)


REGION: Final = Property("region", computed=True, replaces=True, readable=False)
"""Set from the provider's configuration before Check, so never in `__defaults` (pulumi-aws, provider/region.go)."""

TAGS: Final = Property("tags", Kind.MAP, element=Property(""))
TAGS_ALL: Final = Property("tagsAll", Kind.MAP, element=Property(""), computed=True, readable=False)
"""`tags` over the provider's default tags; an input too, set before Check (pulumi-aws, provider/tags.go)."""
