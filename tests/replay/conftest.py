"""One AWS for all tests here: each test has a project, a backend and resource names of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.replay.deployed_stack import DeployedStack


@pytest.fixture(scope="session")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as running:
        yield running


@pytest.fixture
def stack(tmp_path: Path, aws: EmbeddedAws) -> DeployedStack:
    return DeployedStack(tmp_path, aws)
