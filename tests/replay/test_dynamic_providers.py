"""A dynamic provider's resources carry their provider with them, pickled; what is needed besides is its plugin."""

import os
import sys
from pathlib import Path

import pytest

from rollback_plugin.errors import NotReplayable
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


def program(word: str, folder: Path) -> Program:
    return Program(
        f"""
import os
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

class Notes(ResourceProvider):
    def create(self, props):
        self._write(props)
        return CreateResult(id_="note", outs=props)

    def update(self, id, olds, news):
        self._write(news)
        return UpdateResult(outs=news)

    def _write(self, props):
        with open(os.path.join({str(folder)!r}, "note.txt"), "w") as file:
            file.write(props["text"])

class Note(Resource):
    text: pulumi.Output[str]

    def __init__(self, name, text):
        super().__init__(Notes(), name, {{"text": text}})

note = Note("note", "{word}")
pulumi.export("text", note.text)
"""
    )


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """What the official CLI brings along: it starts the SDK's own server of dynamic providers."""
    path = tmp_path / "bin" / "pulumi-resource-pulumi-python"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u -m pulumi.dynamic "$@"\n')
    path.chmod(0o755)
    return path


def test_it_comes_back_where_the_plugin_can_be_started_and_is_refused_elsewhere(
    stack: DeployedStack, plugin: Path, tmp_path: Path
) -> None:
    without = dict(stack.environment)
    stack.environment["PATH"] = f"{plugin.parent}{os.pathsep}{without['PATH']}"
    before = stack.deploy(program("first", tmp_path))
    stack.deploy(program("second", tmp_path))
    state = stack.state

    with pytest.raises(NotReplayable, match="pulumi:providers:pulumi-python::default"):
        stack.replay(without).apply(before, "operation-1", "rollback")

    assert stack.state == state

    stack.replay().apply(before, "operation-2", "rollback")

    assert (tmp_path / "note.txt").read_text() == "first"
    assert stack.outputs() == {"text": "first"}
    stack.must_be(program("first", tmp_path))
