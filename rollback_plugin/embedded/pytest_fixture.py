"""A pytest fixture: an AWS of its own for each test.

Known to pytest wherever this package is installed, as its plugin `rollback_plugin_embedded`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rollback_plugin.embedded.embedded_aws import EmbeddedAws


@pytest.fixture
def embedded_aws() -> "Iterator[EmbeddedAws]":
    """An EmbeddedAws that evaluates its alarms every second."""
    # Every pytest run loads this plugin; only tests that use it pay for what it needs.
    from rollback_plugin.embedded.embedded_aws import EmbeddedAws

    with EmbeddedAws(evaluation_interval_seconds=1.0, metric_flush_seconds=0.2) as aws:
        yield aws
