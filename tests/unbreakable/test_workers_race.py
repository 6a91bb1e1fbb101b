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
