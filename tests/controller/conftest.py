"""An AWS and an orders stack of its own for each test."""

import os
from collections.abc import Iterator
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
    state = tmp_path / "state"
    state.mkdir()
    with EmbeddedAws(evaluation_interval_seconds=1.0, metric_flush_seconds=0.2) as aws, served_inventory() as inventory:
        environment = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **aws.environment,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse battery staple",
        }
        orders = Deployed.from_example(ORDERS, tmp_path / "orders", environment, f"test-{uuid4().hex[:8]}")
        orders.configure(
            inventoryUrl=inventory.url, bakeSeconds=0, verifySeconds=25, minimumRequests=5, alarmPeriodSeconds=10
        )
        made = Platform(aws, orders, inventory, environment)
        made.deploy(1)
        yield made
