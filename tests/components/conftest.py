"""What the example stacks are deployed into."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.embedded.provider import install_provider
from tests.components.inventory import Inventory, served_inventory
from tests.components.project import Deployed

STACKS = Path(__file__).parents[2] / "stacks"
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True)
class Cloud:
    """An AWS with a Pulumi backend beside it."""

    aws: EmbeddedAws
    environment: dict[str, str]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One AWS for a module's tests: each has a stack of its own in it. Alarms are evaluated every second."""
    state = tmp_path_factory.mktemp("state")
    with EmbeddedAws(evaluation_interval_seconds=1.0, metric_flush_seconds=0.2) as aws:
        environment = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **aws.environment,
            "PULUMI_BACKEND_URL": state.as_uri(),
        }
        install_provider(Path(environment["PULUMI_HOME"]))
        yield Cloud(aws, environment)


@pytest.fixture(scope="module")
def inventory() -> Iterator[Inventory]:
    """What orders depends on."""
    with served_inventory() as served:
        yield served


@pytest.fixture(scope="module")
def create(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Deployed]:
    """Make a stack of an example, with a name of its own, and configure it."""

    def created(example: str, **config: object) -> Deployed:
        folder = tmp_path_factory.mktemp("project") / example
        project = Deployed.from_example(STACKS / example, folder, cloud.environment, f"test-{uuid4().hex[:8]}")
        project.configure(**config)
        return project

    return created


@pytest.fixture(scope="module")
def deploy(create: Callable[..., Deployed]) -> Callable[..., Deployed]:
    """Make a stack of an example, configure it and deploy it."""

    def deployed(example: str, **config: object) -> Deployed:
        project = create(example, **config)
        project.up()
        return project

    return deployed


@pytest.fixture(scope="module")
def orders(deploy: Callable[..., Deployed], inventory: Inventory) -> Deployed:
    """Release 1 of orders, for tests that only look at it."""
    return deploy("orders", inventoryUrl=inventory.url, bakeSeconds=30, verifySeconds=20, minimumRequests=5)
