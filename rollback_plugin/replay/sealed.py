"""The secrets of checkpoints as the engine sealed them: found, carried to it by themselves, and put back opened.

The engine takes long to start, and to read a state with a thousand resources. So the ciphertexts of all that is to be
opened are carried in one state that has nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import CIPHERTEXT, PLAINTEXT, Checkpoint, Resource
from rollback_plugin.versions.properties import SECRET_SIGNATURE, SIGNATURE_KEY

CARRIER_TYPE = "rollback-plugin:index:Sealed"


def carrier(stack: StackName, checkpoint: Checkpoint, ciphertexts: Iterable[str]) -> Checkpoint:
    """A state of one component that has these ciphertexts for its outputs, sealed as `checkpoint` is."""
    urn = f"urn:pulumi:{stack.stack}::{stack.project}::{CARRIER_TYPE}::sealed"
    outputs = {
        str(number): {SIGNATURE_KEY: SECRET_SIGNATURE, CIPHERTEXT: ciphertext}
        for number, ciphertext in enumerate(ciphertexts)
    }
    component = Resource.of({"urn": urn, "type": CARRIER_TYPE, "custom": False, "outputs": outputs})
    return checkpoint.with_pending_operations(()).with_resources((component,))


def carried(opened_carrier: Checkpoint) -> tuple[str, ...]:
    """The plain texts, in the order of the ciphertexts that `carrier` was made of."""
    outputs = opened_carrier.resources[0].outputs or {}
    return tuple(outputs[str(number)][PLAINTEXT] for number in range(len(outputs)))


def opened(checkpoint: Checkpoint, plaintexts: Mapping[str, str]) -> Checkpoint:
    """The checkpoint with each of its secrets in plain text, which are given by ciphertext."""
    sealed = checkpoint.ciphertexts
    resources = (
        _opened_resource(resource, plaintexts) if number in sealed else resource
        for number, resource in enumerate(checkpoint.resources, 1)
    )
    envelope = _opened(checkpoint.envelope, plaintexts) if 0 in sealed else checkpoint.envelope
    return Checkpoint(envelope, tuple(resources))


def _opened_resource(resource: Resource, plaintexts: Mapping[str, str]) -> Resource:
    return Resource.of({name: _opened(value, plaintexts) for name, value in resource.document.items()})


def _opened(value: Any, plaintexts: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) != SECRET_SIGNATURE:
            return {key: _opened(item, plaintexts) for key, item in value.items()}
        if PLAINTEXT in value:
            return value
        return {SIGNATURE_KEY: SECRET_SIGNATURE, PLAINTEXT: plaintexts[value[CIPHERTEXT]]}
    if isinstance(value, list):
        return [_opened(item, plaintexts) for item in value]
    return value
