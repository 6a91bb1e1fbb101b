"""Secrets are opened while the rest of a command is loaded, once; and what goes wrong there is told where they are
needed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from rollback_plugin.backend.project import open_project
from rollback_plugin.controller.opened_ahead import FindTarget, engine_opening_ahead
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import NothingHealthy, WrongPassphrase
from rollback_plugin.journal.status import Status
from rollback_plugin.replay.engine import Engine
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.eventually import eventually
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

COUNTING_ENGINE = """#!/bin/sh
echo run >> {runs}
exec {engine} "$@"
"""


def program(value: str) -> Program:
    return Program(
        "import pulumi\nimport pulumi_aws as aws\n"
        f'aws.ssm.Parameter("key", type="SecureString", value=pulumi.Output.secret("{value}"))'
    )


@pytest.fixture
def stack(tmp_path: Path, aws: EmbeddedAws) -> DeployedStack:
    return DeployedStack(tmp_path, aws, with_passphrase=True)


@pytest.fixture
def two_versions(stack: DeployedStack) -> DeployedStack:
    stack.deploy(program("first secret"))
    stack.deploy(program("second secret"))
    return stack


@pytest.fixture
def runs(two_versions: DeployedStack, tmp_path: Path) -> Callable[[], int]:
    """How often the engine's executable was started."""
    folder, counted = tmp_path / "counting", tmp_path / "runs"
    folder.mkdir()
    engine = next(
        found for place in two_versions.environment["PATH"].split(":") if (found := Path(place) / "pulumi").exists()
    )
    wrapper = folder / "pulumi"
    wrapper.write_text(COUNTING_ENGINE.format(runs=counted, engine=engine))
    wrapper.chmod(0o755)
    two_versions.environment["PATH"] = f"{folder}:{two_versions.environment['PATH']}"
    return lambda: counted.read_text().count("run") if counted.exists() else 0


def opening_ahead(stack: DeployedStack, find_target: FindTarget) -> Engine:
    project = structs.replace(
        open_project(stack.root, stack.name.stack, stack.environment), store_url=stack.store.location
    )
    return engine_opening_ahead(project, stack.environment, lambda: datetime.now(UTC), find_target)


def first(name: StackName, status: Status) -> int:
    return status.versions[0].number


def nowhere(name: StackName, status: Status) -> int:
    raise NothingHealthy("there is no way back")


def secrets_of(engine: Engine, stack: DeployedStack) -> list[Any]:
    sealed = stack.archive.checkpoint(1), Checkpoint.parse(stack.state)
    return [
        opened.by_urn[urn].inputs
        for opened in engine.copies.decrypt(*sealed)
        for urn in opened.by_urn
        if "::key" in urn
    ]


def test_the_engine_runs_once_for_all_that_is_needed(two_versions: DeployedStack, runs: Callable[[], int]) -> None:
    engine = opening_ahead(two_versions, first)

    assert eventually(30, lambda: runs() == 1), "nobody needs them yet, and the engine is at work"
    assert "first secret" in str(secrets_of(engine, two_versions)[0])
    assert "second secret" in str(secrets_of(engine, two_versions)[1])
    assert runs() == 1


def test_without_a_target_secrets_are_opened_when_they_are_needed(
    two_versions: DeployedStack, runs: Callable[[], int]
) -> None:
    engine = opening_ahead(two_versions, nowhere)

    assert "first secret" in str(secrets_of(engine, two_versions)[0])
    assert runs() == 1


def test_a_wrong_passphrase_is_told_to_who_needs_the_secrets(two_versions: DeployedStack) -> None:
    two_versions.environment["PULUMI_CONFIG_PASSPHRASE"] = "not this one"
    engine = opening_ahead(two_versions, first)

    with pytest.raises(WrongPassphrase):
        secrets_of(engine, two_versions)
