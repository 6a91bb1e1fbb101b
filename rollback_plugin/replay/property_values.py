"""Property values as the engine writes them: in a checkpoint, and on the wire to the resource monitor.

A value is JSON: None, bool, int, float, str, list or dict with str keys. A dict that carries `SIGNATURE` is not a map
but a special value. The signatures are those of sdk/go/common/resource/sig/sig.go in pulumi/pulumi v3.259.0; that a
secret is `{SIGNATURE: SECRET, "value": …}` on the wire and `{…, "ciphertext"|"plaintext": …}` in a checkpoint is read
in sdk/go/common/resource/plugin/rpc.go and pkg/resource/stack/deployment.go.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf import struct_pb2

Value = Any

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a type tag of the protocol, not a secret
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value the engine can't know during a preview."""

PROVIDER_DEFAULTS = "__defaults"
PROVIDER_METADATA = "__meta"
ENGINE_INTERNAL = "__internal"


class SecretStillEncryptedError(ValueError):
    """A secret was met as ciphertext where its value is needed: the checkpoint was not decrypted first."""


def signature(value: Value) -> str | None:
    """The signature of a special value, None for any other."""
    if isinstance(value, dict):
        found = value.get(SIGNATURE)
        return found if isinstance(found, str) else None
    return None


def secret(value: Value) -> Value:
    """Wrap a value as a secret on the wire."""
    return {SIGNATURE: SECRET, "value": value}


def unwrapped(value: Value) -> Value:
    """The value without the secret marks and output marks around it and inside it."""
    kind = signature(value)
    if kind in (SECRET, OUTPUT_VALUE):
        return unwrapped(value.get("value", UNKNOWN))
    if kind in (ASSET, ARCHIVE):
        return value
    if isinstance(value, dict):
        return {key: unwrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    return value


def from_checkpoint(value: Value) -> Value:
    """Translate a decrypted checkpoint's value into the form of the wire.

    Raises:
        SecretStillEncryptedError: a secret carries only its ciphertext.
    """
    if isinstance(value, dict):
        if value.get(SIGNATURE) != SECRET:
            return {key: from_checkpoint(item) for key, item in value.items()}
        if "plaintext" not in value:
            raise SecretStillEncryptedError("the checkpoint holds a secret as ciphertext; decrypt it first")
        return secret(from_checkpoint(json.loads(value["plaintext"])))
    if isinstance(value, list):
        return [from_checkpoint(item) for item in value]
    return value


def holds_ciphertext(value: Value) -> bool:
    """Whether a secret's ciphertext is anywhere inside."""
    if signature(value) == SECRET:
        return "ciphertext" in value and "plaintext" not in value
    if isinstance(value, dict):
        return any(holds_ciphertext(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_ciphertext(item) for item in value)
    return False


def as_the_program_gave_it(value: Value) -> Value:
    """Drop what a provider or the engine added to recorded inputs, at every level.

    A bridged provider lists in `__defaults` the properties it filled in itself (pulumi-terraform-bridge,
    pkg/tfbridge/schema.go); kept, they would pass for the program's own and lead to replacements later.
    """
    kind = signature(value)
    if kind in (ASSET, ARCHIVE, RESOURCE_REFERENCE):
        return value
    if kind in (SECRET, OUTPUT_VALUE):
        return {**value, "value": as_the_program_gave_it(value.get("value", UNKNOWN))}
    if isinstance(value, dict):
        defaults = unwrapped(value.get(PROVIDER_DEFAULTS, []))
        added = {
            PROVIDER_DEFAULTS,
            PROVIDER_METADATA,
            ENGINE_INTERNAL,
            *(defaults if isinstance(defaults, list) else []),
        }
        return {key: as_the_program_gave_it(item) for key, item in value.items() if key not in added}
    if isinstance(value, list):
        return [as_the_program_gave_it(item) for item in value]
    return value


def to_struct(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """A map of values as protobuf; numbers become doubles, as everywhere in the protocol."""
    return struct_pb2.Struct(fields={key: _to_protobuf(value) for key, value in properties.items()})


def to_protobuf(value: Value) -> struct_pb2.Value:
    """One value as protobuf."""
    return _to_protobuf(value)


def _to_protobuf(value: Value) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=float(value))
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=to_struct(value))
    if isinstance(value, Sequence):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_to_protobuf(item) for item in value]))
    raise TypeError(f"{type(value).__name__} is no property value")


def from_struct(struct: struct_pb2.Struct) -> dict[str, Value]:
    """A protobuf map as values; whole doubles stay floats, which compare equal to the recorded ints."""
    return {key: _from_protobuf(value) for key, value in struct.fields.items()}


def _from_protobuf(value: struct_pb2.Value) -> Value:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            return value.number_value
        case "string_value":
            return value.string_value
        case "struct_value":
            return from_struct(value.struct_value)
        case "list_value":
            return [_from_protobuf(item) for item in value.list_value.values]
    return None


PropertyPath = tuple[str | int, ...]


def path_text(path: PropertyPath) -> str:
    """A property path as people write it: `rules[0].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def leaves(value: Value, path: PropertyPath = ()) -> Iterator[tuple[PropertyPath, Value]]:
    """Every scalar inside a value with its path; secret marks are seen through, assets and references left out."""
    kind = signature(value)
    if kind in (SECRET, OUTPUT_VALUE):
        yield from leaves(value.get("value", UNKNOWN), path)
    elif kind in (ASSET, ARCHIVE, RESOURCE_REFERENCE):
        return
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def secret_paths(value: Value, path: PropertyPath = ()) -> Iterator[PropertyPath]:
    """The paths of the scalars inside a value that a secret mark hides."""
    if signature(value) == SECRET:
        yield from (below for below, _ in leaves(value, path))
    elif signature(value) in (ASSET, ARCHIVE, RESOURCE_REFERENCE):
        return
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from secret_paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from secret_paths(item, (*path, index))


def assets(value: Value, path: PropertyPath = ()) -> Iterator[tuple[PropertyPath, Mapping[str, Value]]]:
    """Every asset and archive inside a value with its path; an archive made of assets comes before its parts."""
    if isinstance(value, dict):
        inside = value
        if value.get(SIGNATURE) in (ASSET, ARCHIVE):
            yield path, value
            inside = value.get("assets") or {}
        for key, item in inside.items():
            if isinstance(item, dict | list):
                yield from assets(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from assets(item, (*path, index))
