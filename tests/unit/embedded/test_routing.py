import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.embedded.lambda_runtime.routing import choose_version


@pytest.mark.parametrize(
    ("weights", "draw", "expected"),
    [
        ({}, 0.0, "1"),
        ({}, 0.999, "1"),
        ({"2": 0.1}, 0.0, "2"),
        ({"2": 0.1}, 0.0999, "2"),
        ({"2": 0.1}, 0.1, "1"),
        ({"2": 1.0}, 0.999, "2"),
        ({"2": 0.0}, 0.0, "1"),
    ],
)
def test_the_additional_version_gets_its_share_and_the_alias_version_the_rest(
    weights: dict[str, float], draw: float, expected: str
) -> None:
    assert choose_version("1", weights, draw) == expected


@given(weight=st.floats(0, 1), draw=st.floats(0, 1, exclude_max=True))
def test_a_request_always_reaches_one_of_the_two_versions(weight: float, draw: float) -> None:
    assert choose_version("1", {"2": weight}, draw) == ("2" if draw < weight else "1")
