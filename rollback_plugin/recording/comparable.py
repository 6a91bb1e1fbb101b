"""States compared: without what is another one in every update although nothing changed."""

from collections.abc import Mapping
from typing import Any

from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.properties import SECRET_SIGNATURE, SIGNATURE_KEY, signature

# Fields the engine writes anew although nothing about the resource changed.
VOLATILE_FIELDS = frozenset({"created", "modified", "sourcePosition", "stackTrace"})
ROOT_STACK_TYPE = "pulumi:pulumi:Stack"


def lasting_state(checkpoint: Checkpoint) -> list[bytes]:
    """What lasts of the resources, in an order of its own: what an update has registered comes first in what it leaves,
    before all that it never got to."""
    return sorted(
        canonical_json(
            {key: comparable(value) for key, value in resource.document.items() if key not in VOLATILE_FIELDS}
        )
        for resource in checkpoint.resources
    )


def has_nothing(checkpoint: Checkpoint) -> bool:
    """Whether there is no resource but the stack itself."""
    return all(resource.type == ROOT_STACK_TYPE for resource in checkpoint.resources)


def comparable(value: Any) -> Any:
    """The value without ciphertext: every update encrypts all secrets anew, so it differs where nothing changed."""
    if signature(value) == SECRET_SIGNATURE:
        return {SIGNATURE_KEY: SECRET_SIGNATURE}
    if isinstance(value, Mapping):
        return {key: comparable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [comparable(inner) for inner in value]
    return value
