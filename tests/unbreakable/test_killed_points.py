"""A process, or the whole machine, is lost in the middle of a rollback or a recovery; another machine ends it.

A few points of every kind; `make test-crash` tries them all.
"""

from collections.abc import Iterator

import pytest

from tests.unbreakable.stage import Point, Stage

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as made:
        yield made


@pytest.mark.parametrize(
    "points",
    [
        (Point("undo", "process", 3), Point("recover", "process", 12)),
        (Point("undo", "machine", 11), Point("recover", "machine", 17)),
        (Point("undo", "before a call", 2), Point("recover", "after a call", 1)),
        (Point("undo", "after a call", 4), Point("recover", "before a call", 6)),
    ],
    ids=["process", "machine", "amid creates", "amid changes"],
)
def test_the_end_is_the_same(stage: Stage, points: tuple[Point, Point]) -> None:
    for point in points:
        attempt = stage.tried(point)

        assert attempt.killed_at is not None
        assert attempt.problems == (), f"killed at {attempt.killed_at}"
