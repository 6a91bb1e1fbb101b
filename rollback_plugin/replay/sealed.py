"""The secrets of checkpoints as the engine sealed them: found, carried to it by themselves, and put back opened.

The engine takes long to start, and to read a state with a thousand resources. So the ciphertexts of all that is to be
opened are carried in one state that has nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint, Resource
from rollback_plugin.versions.properties import SECRET_SIGNATURE, SIGNATURE_KEY, secrets_in, signature

CARRIER_TYPE = "rollback-plugin:index:Sealed"
CIPHERTEXT, PLAINTEXT = "ciphertext", "plaintext"


def ciphertexts_in(checkpoint: Checkpoint) -> Iterator[str]:
    """Every ciphertext in a checkpoint."""
    yield from _ciphertexts_in(checkpoint.envelope)
    for resource in checkpoint.resources:
        yield from _ciphertexts_in(_fields(resource))


def _ciphertexts_in(value: Any) -> Iterator[str]:
    return (secret[CIPHERTEXT] for secret in secrets_in(value) if PLAINTEXT not in secret)


def _fields(resource: Resource) -> list[Any]:
    """Without the copy that `document` makes."""
    return [*vars(resource).values(), resource.model_extra]


def carrier(stack: StackName, checkpoint: Checkpoint, ciphertexts: Iterable[str]) -> Checkpoint:
    """A state of one component that has these ciphertexts for its outputs, sealed as `checkpoint` is."""
    urn = f"urn:pulumi:{stack.stack}::{stack.project}::{CARRIER_TYPE}::sealed"
    outputs = {
        str(number): {SIGNATURE_KEY: SECRET_SIGNATURE, CIPHERTEXT: ciphertext}
        for number, ciphertext in enumerate(ciphertexts)
    }
    component = Resource(urn=urn, type=CARRIER_TYPE, custom=False, outputs=outputs)
    return checkpoint.with_pending_operations(()).with_resources((component,))


def carried(opened_carrier: Checkpoint) -> tuple[str, ...]:
    """The plain texts, in the order of the ciphertexts that `carrier` was made of."""
    outputs = opened_carrier.resources[0].outputs or {}
    return tuple(outputs[str(number)][PLAINTEXT] for number in range(len(outputs)))


def opened(checkpoint: Checkpoint, plaintexts: Mapping[str, str]) -> Checkpoint:
    """The checkpoint with each of its secrets in plain text, which are given by ciphertext."""
    return Checkpoint(
        _opened(checkpoint.envelope, plaintexts),
        tuple(_opened_resource(resource, plaintexts) for resource in checkpoint.resources),
    )


def _opened_resource(resource: Resource, plaintexts: Mapping[str, str]) -> Resource:
    if next(_ciphertexts_in(_fields(resource)), None) is None:
        return resource
    return Resource.model_validate(_opened(resource.document, plaintexts))


def _opened(value: Any, plaintexts: Mapping[str, str]) -> Any:
    if signature(value) == SECRET_SIGNATURE:
        if PLAINTEXT in value:
            return value
        return {SIGNATURE_KEY: SECRET_SIGNATURE, PLAINTEXT: plaintexts[value[CIPHERTEXT]]}
    if isinstance(value, Mapping):
        return {key: _opened(item, plaintexts) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item, plaintexts) for item in value]
    return value
