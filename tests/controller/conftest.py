"""An AWS and an orders stack of its own for each test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.components.inventory import served_inventory
from tests.components.project import Deployed
from tests.controller.platform import Platform

ORDERS = Path(__file__).parents[2] / "stacks" / "orders"
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """Release 1 of orders, deployed and healthy."""
    with started_platform(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The same, for tests that leave it as they found it."""
    with started_platform(tmp_path_factory.mktemp("shared")) as made:
        yield made


@contextmanager
def started_platform(folder: Path) -> Iterator[Platform]:
    state = folder / "state"
    state.mkdir()
    with EmbeddedAws(evaluation_interval_seconds=1.0, metric_flush_seconds=0.2) as aws, served_inventory() as inventory:
        environment = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **aws.environment,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse battery staple",
        }
        orders = Deployed.from_example(ORDERS, folder / "orders", environment, f"test-{uuid4().hex[:8]}")
        orders.configure(
            inventoryUrl=inventory.url, bakeSeconds=0, verifySeconds=25, minimumRequests=5, alarmPeriodSeconds=10
        )
        made = Platform(aws, orders, inventory, environment)
        made.deploy(1)
        yield made
