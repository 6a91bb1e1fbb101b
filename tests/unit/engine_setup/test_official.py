"""What `make test-official` asks for before it runs anything."""

import os
from pathlib import Path

import pytest

from engine.install import LANGUAGE_HOST
from engine.official import Parts, PartsMissing, official_parts
from rollback_plugin.embedded.provider import install_provider
from rollback_plugin.embedded.provider.install import installed_version

OLDEST = "3.259.0"


class Machine:
    """A folder on PATH and a Pulumi home, both empty at first."""

    def __init__(self, root: Path) -> None:
        self.programs = root / "bin"
        self.home = root / "pulumi-home"
        self.programs.mkdir()

    def has(self, path: Path, says: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{says}\n")
        path.chmod(0o755)
        return path

    def has_everything(self) -> None:
        self.has(self.programs / "pulumi", "echo v3.260.1")
        self.has(self.programs / "pulumi-language-python", "exit 0")
        self.has(self.plugin, "exit 0")

    @property
    def plugin(self) -> Path:
        return self.home / "plugins" / f"resource-aws-v{installed_version()}" / "pulumi-resource-aws"

    def parts(self) -> Parts:
        return official_parts({"PATH": f"{self.programs}{os.pathsep}{os.defpath}"}, self.home, OLDEST)

    def missing(self) -> list[str]:
        with pytest.raises(PartsMissing) as missing:
            self.parts()
        return str(missing.value).splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_there_is_told_with_its_versions(machine: Machine) -> None:
    machine.has_everything()

    parts = machine.parts()

    assert (parts.command_version, parts.plugin_version) == ("3.260.1", installed_version())
    assert parts.language_host == machine.programs / "pulumi-language-python"
    assert parts.plugin == machine.plugin
    assert str(machine.plugin) in str(parts)


def test_everything_that_is_missing_is_told_at_once(machine: Machine) -> None:
    no_command, no_plugin = machine.missing()

    assert "no `pulumi` on PATH" in no_command
    assert "https://www.pulumi.com/docs/install/" in no_command
    assert f"pulumi plugin install resource aws {installed_version()}" in no_plugin


@pytest.mark.parametrize(
    ("answer", "said"), [("echo v3.200.0", "is version 3.200.0"), ("exit 1", "doesn't tell its version")]
)
def test_an_old_or_silent_command_will_not_do(machine: Machine, answer: str, said: str) -> None:
    machine.has_everything()
    machine.has(machine.programs / "pulumi", answer)

    (missing,) = machine.missing()

    assert said in missing
    assert f"{OLDEST} or newer is needed" in missing


def test_a_command_without_its_language_host_will_not_do(machine: Machine) -> None:
    machine.has_everything()
    (machine.programs / "pulumi-language-python").unlink()

    (missing,) = machine.missing()

    assert "has no pulumi-language-python beside it" in missing


def test_our_own_language_host_will_not_do(machine: Machine) -> None:
    machine.has_everything()
    machine.has(machine.programs / "pulumi-language-python", f"exec python {LANGUAGE_HOST}")

    (missing,) = machine.missing()

    assert "own language host" in missing


def test_the_stand_in_plugin_will_not_do(machine: Machine) -> None:
    machine.has_everything()
    machine.plugin.unlink()
    install_provider(machine.home, {})

    (missing,) = machine.missing()

    assert "is this project's stand-in" in missing


def test_a_plugin_of_another_version_will_not_do(machine: Machine) -> None:
    machine.has_everything()
    machine.plugin.parent.rename(machine.plugin.parent.with_name("resource-aws-v6.0.0"))

    (missing,) = machine.missing()

    assert f"There is no AWS plugin {installed_version()}" in missing
