"""Which provider plugins a version needs, and whether the engine has them."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rollback_plugin.backend.workspace import pulumi_home
from rollback_plugin.replay.plan import Reason, Refusal
from rollback_plugin.replay.property_values import ENGINE_INTERNAL
from rollback_plugin.replay.recorded import PROVIDER_TYPE_PREFIX, RecordedResource
from rollback_plugin.replay.requirements import PluginRequirement

# IsPluginBundled in sdk/go/common/workspace/plugins.go: these come with the engine.
BUNDLED = frozenset({"pulumi", "pulumi-nodejs", "pulumi-python"})
NO_ACQUISITION = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
NO_AMBIENT = "PULUMI_IGNORE_AMBIENT_PLUGINS"


class PluginFolder:
    """The plugins of one environment, looked up as the engine does (getPluginInfoAndPath in
    sdk/go/common/workspace/plugins.go, v3.259.0): on PATH unless that is switched off, then below PULUMI_HOME, there
    in exactly the version asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._folder = pulumi_home(environ) / "plugins"

    @property
    def fetches_missing(self) -> bool:
        """Whether the engine downloads what it lacks."""
        return not _true(self._environ.get(NO_ACQUISITION, ""))

    def required_by(self, resources: Iterable[RecordedResource]) -> tuple[PluginRequirement, ...]:
        """The plugins of the provider resources among these, each version once, by name."""
        found = {plugin for _, plugin in self._of_providers(resources)}
        return tuple(sorted(found, key=lambda plugin: (plugin.name, plugin.version)))

    def refusals(self, resources: Iterable[RecordedResource]) -> Iterator[Refusal]:
        """A refusal for each provider whose plugin isn't there."""
        for resource, plugin in self._of_providers(resources):
            if plugin.installed:
                continue
            command = f"pulumi plugin install resource {plugin.name}{f' v{plugin.version}' if plugin.version else ''}"
            origin = plugin_download_url(resource)
            yield Refusal(
                resource.urn,
                "",
                f"its plugin pulumi-resource-{plugin.name}, version {plugin.version or 'any'}, is not installed in"
                f" {self._folder}; run `{command}{f' --server {origin}' if origin else ''}`",
                Reason.PLUGIN_MISSING,
            )

    def _of_providers(
        self, resources: Iterable[RecordedResource]
    ) -> Iterator[tuple[RecordedResource, PluginRequirement]]:
        for resource in resources:
            name = resource.type.removeprefix(PROVIDER_TYPE_PREFIX)
            # What comes from a repository lies in a folder named after it, which the engine alone works out.
            if resource.is_provider and name not in BUNDLED and not plugin_download_url(resource).startswith("git://"):
                version = plugin_version(resource)
                yield resource, PluginRequirement(name, version, self._has(name, version))

    def _has(self, name: str, version: str) -> bool:
        executable = f"pulumi-resource-{name}"
        path = self._environ.get("PATH", os.defpath)
        if not _true(self._environ.get(NO_AMBIENT, "")) and shutil.which(executable, path=path):
            return True
        return any((folder / executable).exists() for folder in self._folders(name, version))

    def _folders(self, name: str, version: str) -> Iterable[Path]:
        return [self._folder / f"resource-{name}-v{version}"] if version else self._folder.glob(f"resource-{name}-v*")


def plugin_version(provider: RecordedResource) -> str:
    """The version a provider resource was recorded with; empty for none.

    pkg/resource/deploy/providers/registry.go keeps it in `__internal`, older engines beside the inputs.
    """
    return provider.inputs.get("version") or (provider.inputs.get(ENGINE_INTERNAL) or {}).get("version") or ""


def plugin_download_url(provider: RecordedResource) -> str:
    """Where its plugin is downloaded from; empty for the usual place."""
    return (provider.inputs.get(ENGINE_INTERNAL) or {}).get("pluginDownloadURL") or ""


def _true(value: str) -> bool:
    """As the engine reads a boolean variable (sdk/go/common/util/cmdutil/console.go: IsTruthy)."""
    return value.lower() in ("1", "true")
