"""An AWS of its own for each test: what is in it is what the test's program made."""

from collections.abc import Iterator

import pytest

from rollback_plugin.embedded import EmbeddedAws


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as running:
        yield running
