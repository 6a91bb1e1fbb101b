"""A project folder for the engine to run in, with no program in it: its name, the stack's config, and the secrets
settings."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rollback_plugin.stack import StackName
from rollback_plugin.versions.version import ConfigValue


@contextmanager
def scratch_project(
    stack: StackName, config: Mapping[str, ConfigValue], secrets_providers: Mapping[str, Any] | None
) -> Iterator[Path]:
    """Yield such a folder, readable by its owner alone, and remove it afterwards.

    Args:
        config: config by full key (`project:key`), secrets as ciphertext.
        secrets_providers: `secrets_providers` of the checkpoint the ciphertext belongs to.
    """
    with TemporaryDirectory(prefix="rollback-plugin-") as created:
        folder = Path(created).resolve()
        # JSON is YAML; the runtime's name is replaced by the engine because of --client.
        (folder / "Pulumi.yaml").write_text(json.dumps({"name": stack.project, "runtime": "python"}))
        (folder / f"Pulumi.{stack.stack}.yaml").write_text(stack_settings(config, secrets_providers))
        yield folder


def stack_settings(config: Mapping[str, ConfigValue], secrets_providers: Mapping[str, Any] | None) -> str:
    """The content of `Pulumi.<stack>.yaml` for a recorded config; arguments as for `scratch_project`."""
    settings = {**_secrets_settings(secrets_providers), "config": {key: _setting(v) for key, v in config.items()}}
    return json.dumps(settings)


def _setting(value: ConfigValue) -> Any:
    """A config value as `Pulumi.<stack>.yaml` has it (sdk/go/common/resource/config/value.go: MarshalYAML)."""
    if value.object:
        return json.loads(value.value)
    return {"secure": value.value} if value.secret else value.value


def _secrets_settings(secrets_providers: Mapping[str, Any] | None) -> dict[str, str]:
    """The settings that make the engine open ciphertext as the checkpoint's writer did.

    Read in pkg/secrets/passphrase/manager.go and pkg/secrets/cloud/manager.go, v3.259.0. Of the cloud providers
    AWS KMS is tested.
    """
    if secrets_providers is None:
        return {}
    state = secrets_providers.get("state") or {}
    if secrets_providers.get("type") == "passphrase":
        return {"encryptionsalt": state["salt"]}
    if secrets_providers.get("type") == "cloud":
        return {"secretsprovider": state["url"], "encryptedkey": state["encryptedkey"]}
    return {}
