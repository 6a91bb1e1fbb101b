"""What a version's recorded config says of its re-application, and whether it can still be handed to the engine."""

from collections.abc import Iterator, Mapping

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.replay.data_types import Configured, HoldsData, holds_data, holds_data_as_configured
from rollback_plugin.replay.plan import Reason, Refusal
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
            Reason.CONFIG_UNREADABLE,
        )


def data_types(version: Version, present: Mapping[str, Configured]) -> tuple[HoldsData, tuple[Refusal, ...]]:
    """Which types hold data, by the config of that version and of the stack as it is (`present`)."""
    try:
        return holds_data_as_configured(version.config, present), ()
    except InvalidConfiguration as error:
        return holds_data, (Refusal(version.stack.root_urn, "config", str(error), Reason.CONFIG_UNREADABLE),)
