"""One AWS for the tests of a module; they use names of their own. `embedded_aws` where a test needs one for itself."""

from collections.abc import Iterator

import pytest

from rollback_plugin.embedded import EmbeddedAws


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(evaluation_interval_seconds=1.0, metric_flush_seconds=0.2) as aws:
        yield aws
