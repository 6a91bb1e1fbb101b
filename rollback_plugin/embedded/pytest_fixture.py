"""A pytest fixture: an AWS of its own for each test.

Make it known in conftest.py: `from rollback_plugin.embedded.pytest_fixture import embedded_aws as embedded_aws`.
"""

from collections.abc import Iterator

import pytest

from rollback_plugin.embedded.embedded_aws import EmbeddedAws


@pytest.fixture
def embedded_aws() -> Iterator[EmbeddedAws]:
    """An EmbeddedAws that evaluates its alarms every second."""
    with EmbeddedAws(evaluation_interval_seconds=1.0, metric_flush_seconds=0.2) as aws:
        yield aws
