"""Which plugins a version needs, and where they are looked for."""

from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.replay.plan import Reason
from rollback_plugin.replay.plugins import PluginFolder
from rollback_plugin.replay.recorded import RecordedResource
from rollback_plugin.replay.requirements import PluginRequirement
from tests.unit.replay.resources import TOPIC, resource


def provider(name: str = "default", package: str = "aws", version: str = "7.51.1", **inputs: Any) -> RecordedResource:
    return resource(f"pulumi:providers:{package}", name, inputs={"version": version, **inputs})


def installed(folder: Path, package: str, version: str) -> None:
    executable = folder / "plugins" / f"resource-{package}-v{version}" / f"pulumi-resource-{package}"
    executable.parent.mkdir(parents=True)
    executable.touch(mode=0o700)


@pytest.fixture
def plugins(tmp_path: Path) -> PluginFolder:
    return PluginFolder({"PULUMI_HOME": str(tmp_path), "PATH": "/nowhere"})


def test_exactly_the_recorded_version_has_to_be_there(tmp_path: Path, plugins: PluginFolder) -> None:
    installed(tmp_path, "aws", "7.51.2")

    assert plugins.required_by([provider()]) == (PluginRequirement("aws", "7.51.1", installed=False),)

    installed(tmp_path, "aws", "7.51.1")

    assert plugins.required_by([provider(), provider("west")]) == (PluginRequirement("aws", "7.51.1", installed=True),)
    assert list(plugins.refusals([provider()])) == []


def test_where_no_version_was_recorded_any_will_do(tmp_path: Path, plugins: PluginFolder) -> None:
    installed(tmp_path, "aws", "6.0.0")

    assert plugins.required_by([provider(version="")]) == (PluginRequirement("aws", "", installed=True),)


def test_a_version_that_the_engine_keeps_to_itself_counts_too(plugins: PluginFolder) -> None:
    newer = resource("pulumi:providers:random", "default", inputs={"__internal": {"version": "4.18.0"}})

    assert plugins.required_by([newer]) == (PluginRequirement("random", "4.18.0", installed=False),)


def test_a_missing_plugin_is_refused_by_name_version_and_way_out(plugins: PluginFolder) -> None:
    west = provider("west", __internal={"pluginDownloadURL": "https://plugins.example"})

    (refusal,) = plugins.refusals([west, resource(TOPIC, "events")])

    assert (refusal.urn, refusal.reason) == (west.urn, Reason.PLUGIN_MISSING)
    assert "pulumi-resource-aws, version 7.51.1, is not installed" in refusal.why
    assert "`pulumi plugin install resource aws v7.51.1 --server https://plugins.example`" in refusal.why


def test_a_plugin_on_the_path_counts_unless_that_is_switched_off(tmp_path: Path) -> None:
    (tmp_path / "pulumi-resource-aws").touch(mode=0o700)
    environ = {"PULUMI_HOME": "/nowhere", "PATH": str(tmp_path)}

    assert PluginFolder(environ).required_by([provider()])[0].installed
    assert not PluginFolder({**environ, "PULUMI_IGNORE_AMBIENT_PLUGINS": "true"}).required_by([provider()])[0].installed


def test_plugins_that_come_with_the_engine_or_from_a_repository_are_left_to_it(plugins: PluginFolder) -> None:
    dynamic = provider(package="pulumi-python")
    from_git = provider(package="own", __internal={"pluginDownloadURL": "git://github.com/a/b"})

    assert plugins.required_by([dynamic, from_git]) == ()


@pytest.mark.parametrize(("value", "fetches"), [("true", False), ("1", False), ("", True), ("false", True)])
def test_whether_the_engine_fetches_what_it_lacks(value: str, fetches: bool) -> None:
    environ = {"PULUMI_HOME": "/nowhere", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": value}

    assert PluginFolder(environ).fetches_missing is fetches
