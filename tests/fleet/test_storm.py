"""Several worker processes under a storm of signals: every stack is rolled back, and none twice."""

from pathlib import Path

import pytest

from tests.fleet.storm import gathered_storm

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(420)]

STACKS, SIGNALS, WORKERS = 20, 100, 3
PATIENCE_SECONDS = 300


def test_of_a_storm_nothing_is_lost_and_nothing_done_twice(tmp_path: Path) -> None:
    with gathered_storm(tmp_path, STACKS) as storm, storm.workers(WORKERS) as workers:
        storm.break_loose(SIGNALS)
        storm.wait_until_calm(PATIENCE_SECONDS)

        assert set(storm.rollbacks().values()) == {1}
        assert len(storm.rollbacks()) == STACKS
        assert all(worker.poll() is None for worker in workers)
