"""Which provider plugins a checkpoint was made with."""

import re
from collections.abc import Mapping

from rollback_plugin.versions.checkpoint import Checkpoint

PROVIDER_PREFIX = "pulumi:providers:"
# pkg/resource/deploy/providers: the default provider of a version is named after it.
DEFAULT_NAME = re.compile(r"^default_(\d+)_(\d+)_(\d+)")


def plugin_versions(checkpoint: Checkpoint) -> Mapping[str, str]:
    """Version of each provider package, from its provider resources; one whose version nobody recorded is left out."""
    found: dict[str, str] = {}
    for resource in checkpoint.resources:
        if resource.delete or not resource.type.startswith(PROVIDER_PREFIX):
            continue
        version = (resource.inputs or {}).get("version")
        named = DEFAULT_NAME.match(resource.name)
        if isinstance(version, str) and version:
            found[resource.type.removeprefix(PROVIDER_PREFIX)] = version
        elif named:
            found[resource.type.removeprefix(PROVIDER_PREFIX)] = ".".join(named.groups())
    return found
