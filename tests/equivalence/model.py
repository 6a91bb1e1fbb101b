"""Programs as data: what a generated Pulumi program consists of, and the chain of versions a stack goes through.

Everything is frozen and hashable, so that an example can be shrunk, compared and shown. A resource keeps its `key`
through all versions of a chain, whatever it is called; expressions refer to resources by key.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

Scalar = None | bool | int | float | str


@dataclass(frozen=True, slots=True)
class Literal:
    value: Scalar


@dataclass(frozen=True, slots=True)
class Numbers:
    """A large list: the numbers from 0 up."""

    count: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """An output of a resource, changed by a function in the program if `function` is given."""

    key: int
    name: str
    function: str = ""
    """Python source of a function of one argument."""


@dataclass(frozen=True, slots=True)
class Concatenation:
    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class JsonText:
    content: "Expression"


@dataclass(frozen=True, slots=True)
class SecretValue:
    content: "Expression"


@dataclass(frozen=True, slots=True)
class ListOf:
    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class MapOf:
    items: "tuple[tuple[str, Expression], ...]"


@dataclass(frozen=True, slots=True)
class FileOf:
    """A file asset with this content."""

    content: str


@dataclass(frozen=True, slots=True)
class TextOf:
    """A string asset."""

    content: str


@dataclass(frozen=True, slots=True)
class FolderOf:
    """An archive that is a folder with these files."""

    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ZipOf:
    """An archive that is a zip file with these members."""

    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MembersOf:
    """An archive put together of assets and archives."""

    members: "tuple[tuple[str, Asset], ...]"


Asset = FileOf | TextOf | FolderOf | ZipOf | MembersOf
Expression = (
    Literal
    | Numbers
    | Attribute
    | Concatenation
    | JsonText
    | SecretValue
    | ListOf
    | MapOf
    | FileOf
    | TextOf
    | FolderOf
    | ZipOf
    | MembersOf
)


@dataclass(frozen=True, slots=True)
class Alias:
    """Where the resource was: its name, and its parent's key (None: the stack)."""

    name: str
    parent: int | None


@dataclass(frozen=True, slots=True)
class Options:
    parent: int | None = None
    provider: int | None = None
    depends_on: tuple[int, ...] = ()
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: int | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    additional_secret_outputs: tuple[str, ...] = ()
    timeout_minutes: int = 0
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    key: int
    kind: str
    name: str
    inputs: tuple[tuple[str, Expression], ...] = ()
    options: Options = field(default_factory=Options)
    incarnation: int = 0
    """Counts how often it was called something else without an alias, and so became another resource."""

    def input(self, name: str) -> Expression | None:
        return dict(self.inputs).get(name)


@dataclass(frozen=True, slots=True)
class ProgramModel:
    """One version of a program: its resources, each after what it refers to, and the stack's outputs."""

    resources: tuple[Resource, ...] = ()
    outputs: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """The versions a stack goes through, the last of which is rolled back to version `target` (0 is the first)."""

    versions: tuple[ProgramModel, ...]
    target: int = 0
    aliased_both_ways: bool = False
    """Whether the older versions, too, have aliases for what their resources are called later."""
    tracked: bool = True
    """Whether the programs call `track()`."""


def parts_of(expression: Expression) -> "Iterator[Expression]":
    """The expression itself and everything inside it."""
    yield expression
    match expression:
        case Concatenation(parts) | ListOf(parts):
            for part in parts:
                yield from parts_of(part)
        case JsonText(content) | SecretValue(content):
            yield from parts_of(content)
        case MapOf(items):
            for _, item in items:
                yield from parts_of(item)
