"""Several processes want the same of one stack at the same moment: it is done once, by one of them."""

from collections.abc import Iterator

import pytest

from tests.unbreakable.stage import Stage

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


@pytest.fixture(scope="module", params=[False, True], ids=["store in a folder", "store on S3"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with Stage(store_on_s3=request.param) as made:
        yield made


def test_of_two_and_of_ten_one_does_it(stage: Stage) -> None:
    assert stage.raced("undo", 2) == ()
    assert stage.raced("recover", 10) == ()


@pytest.mark.parametrize("processes", [2, 10])
def test_an_alarm_is_answered_by_one_of_those_that_look_at_once(stage: Stage, processes: int) -> None:
    assert stage.alarm_raced(processes) == ()
