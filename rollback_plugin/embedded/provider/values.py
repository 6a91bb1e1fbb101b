"""Property values as the Pulumi engine puts them on the wire, and as the rest of the provider sees them.

The engine marshals a property map as a protobuf `Struct`. What JSON can't say is a struct carrying a signature key
(secrets, assets, archives), and an unknown is one reserved string. Source: pulumi/pulumi,
sdk/go/common/resource/plugin/rpc.go and sdk/go/common/resource/sig/sig.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a password
ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
DEFAULTS_KEY: Final = "__defaults"
INTERNAL_KEYS: Final = frozenset({DEFAULTS_KEY, "__meta"})


class Unknown:
    """A value that will only be known once something else has been created."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value the engine must keep encrypted in its state. Never printed."""

    value: "PropertyValue" = field(repr=False)


@dataclass(frozen=True)
class Asset:
    """One file: on disk (`path`), in the program (`text`) or elsewhere (`uri`). `hash` is the engine's, hex sha256."""

    hash: str = ""
    path: str = ""
    text: str | None = None
    uri: str = ""


@dataclass(frozen=True)
class Archive:
    """Several files: a folder or archive file (`path`), named members (`assets`) or elsewhere (`uri`)."""

    hash: str = ""
    path: str = ""
    uri: str = ""
    assets: Mapping[str, "Asset | Archive"] | None = None


PropertyValue: TypeAlias = Any
"""None, bool, int, float, str, list, dict with string keys, `UNKNOWN`, `Secret`, `Asset` or `Archive`."""

Properties: TypeAlias = dict[str, PropertyValue]


def decode_properties(struct: struct_pb2.Struct) -> Properties:
    """The property map in `struct`; null entries are dropped, secrets unwrapped, whole floats become ints."""
    return {key: decoded for key, value in struct.fields.items() if (decoded := _decode(value)) is not None}


def _decode(value: struct_pb2.Value) -> PropertyValue:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_STRING else value.string_value
        case "list_value":
            return [_decode(element) for element in value.list_value.values]
        case "struct_value":
            return _decode_struct(value.struct_value)
        case _:
            return None


def _decode_struct(struct: struct_pb2.Struct) -> PropertyValue:
    signature = struct.fields[SIGNATURE_KEY].string_value if SIGNATURE_KEY in struct.fields else ""
    members = {key: value for key, value in struct.fields.items() if key != SIGNATURE_KEY}
    if signature == SECRET_SIGNATURE:
        return _decode(members["value"])
    if signature == ASSET_SIGNATURE:
        text = members["text"].string_value if "text" in members else None
        return Asset(hash=_text(members, "hash"), path=_text(members, "path"), text=text, uri=_text(members, "uri"))
    if signature == ARCHIVE_SIGNATURE:
        assets = None
        if "assets" in members:
            assets = {name: _decode(member) for name, member in members["assets"].struct_value.fields.items()}
        return Archive(
            hash=_text(members, "hash"), path=_text(members, "path"), uri=_text(members, "uri"), assets=assets
        )
    return decode_properties(struct)


def _text(members: Mapping[str, struct_pb2.Value], name: str) -> str:
    return members[name].string_value if name in members else ""


def encode_properties(properties: Mapping[str, PropertyValue]) -> struct_pb2.Struct:
    """The `Struct` the engine reads `properties` from."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in properties.items()})


def _encode(value: PropertyValue) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Unknown():
            return struct_pb2.Value(string_value=UNKNOWN_STRING)
        case list() | tuple():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encode(element) for element in value]))
        case Secret():
            return _signed(SECRET_SIGNATURE, {"value": value.value})
        case Asset():
            return _signed(ASSET_SIGNATURE, _asset_members(value))
        case Archive():
            return _signed(ARCHIVE_SIGNATURE, _archive_members(value))
        case Mapping():
            return struct_pb2.Value(struct_value=encode_properties(value))
        case _:
            raise TypeError(f"a value of type {type(value).__name__} can't be put in a property map")


def _signed(signature: str, members: Mapping[str, PropertyValue]) -> struct_pb2.Value:
    return struct_pb2.Value(struct_value=encode_properties({SIGNATURE_KEY: signature, **members}))


def _asset_members(asset: Asset) -> Properties:
    members: Properties = {"hash": asset.hash, "path": asset.path, "text": asset.text, "uri": asset.uri}
    return {name: value for name, value in members.items() if value not in ("", None)} | (
        {"text": asset.text} if asset.text is not None else {}
    )


def _archive_members(archive: Archive) -> Properties:
    members: Properties = {"hash": archive.hash, "path": archive.path, "uri": archive.uri}
    return {name: value for name, value in members.items() if value} | (
        {"assets": dict(archive.assets)} if archive.assets is not None else {}
    )


def contains_unknown(value: PropertyValue) -> bool:
    """Whether `value` is unknown or has an unknown anywhere inside."""
    match value:
        case Unknown():
            return True
        case list():
            return any(contains_unknown(element) for element in value)
        case Mapping():
            return any(contains_unknown(element) for element in value.values())
        case _:
            return False


def without_internal_keys(value: PropertyValue) -> PropertyValue:
    """`value` without `__defaults` and `__meta` at any level."""
    match value:
        case list():
            return [without_internal_keys(element) for element in value]
        case dict():
            return {key: without_internal_keys(member) for key, member in value.items() if key not in INTERNAL_KEYS}
        case _:
            return value
