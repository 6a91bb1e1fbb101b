"""Whether a version's recorded config can still be handed to the engine."""

from collections.abc import Iterator

from rollback_plugin.replay.plan import Refusal
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import Version


def holds_secrets(version: Version) -> bool:
    """Whether some of its config is ciphertext."""
    return any(value.secret or "secure" in value.value for value in version.config.values())


def config_of_other_keys(
    stack: StackName, version: Version, recorded: Checkpoint, current: Checkpoint
) -> Iterator[Refusal]:
    """Recorded config secrets can be handed to the engine only while the stack encrypts with the same keys."""
    changed = (recorded.secrets_providers or {}).get("state") != (current.secrets_providers or {}).get("state")
    if holds_secrets(version) and changed:
        yield Refusal(
            stack.root_urn,
            "config",
            "the stack's secrets provider or its key was changed since that version, so its secret config can't be"
            " read any more; change it back (`pulumi stack change-secrets-provider`), or deploy that version's"
            " program",
        )
