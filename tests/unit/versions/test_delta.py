"""S(t) = S(t-1) + ΔS(t), exactly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.delta import Add, Change, Delta, Keep, apply, difference
from tests.unit.versions.examples import checkpoint, resource

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    fields: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "inputs": st.dictionaries(st.sampled_from("abc"), values, max_size=3),
                "delete": st.booleans(),
                "id": st.text(max_size=3),
                "unknownField": values,
            },
        )
    )
    return resource(draw(st.sampled_from(["one", "two", "three"])), **fields)


@st.composite
def checkpoints(draw: st.DrawFn) -> Checkpoint:
    return checkpoint(*draw(st.lists(resources(), max_size=6)), metadata=draw(values))


@given(checkpoints(), checkpoints())
def test_applying_the_difference_gives_the_other_checkpoint_to_the_byte(before: Checkpoint, after: Checkpoint) -> None:
    delta = difference(before, after)

    stored = Delta.model_validate_json(delta.model_dump_json())

    assert apply(before, delta).canonical == after.canonical
    assert apply(before, stored).canonical == after.canonical


def test_what_stayed_is_only_referred_to() -> None:
    before = checkpoint(resource("a"), resource("b"), resource("c", inputs={"size": 1}, id="c"))
    after = checkpoint(resource("a"), resource("b"), resource("c", inputs={"size": 2}), resource("d"))

    delta = difference(before, after)

    assert delta.envelope is None
    assert delta.resources == (
        Keep(start=0, count=2),
        Change(index=2, fields={"inputs": {"size": 2}}, without=("id",)),
        Add(resource=resource("d")),
    )


def test_json_that_python_calls_equal_is_still_a_difference() -> None:
    before = checkpoint(resource("a", inputs={"on": True}))
    after = checkpoint(resource("a", inputs={"on": 1}))

    assert apply(before, difference(before, after)).canonical == after.canonical


def test_a_delta_is_not_applied_to_a_checkpoint_it_was_not_made_from() -> None:
    delta = difference(checkpoint(resource("a")), checkpoint(resource("b")))

    with pytest.raises(DamagedSnapshot, match="based on"):
        apply(checkpoint(resource("c")), delta)


@pytest.mark.parametrize(
    "steps", [(Keep(start=0, count=9),), (Change(index=4, fields={}),), ()], ids=["keep", "change", "too few"]
)
def test_a_damaged_delta_is_noticed(steps: tuple[Keep | Change, ...]) -> None:
    before = checkpoint(resource("a"))
    delta = difference(before, checkpoint(resource("a"), resource("b")))

    with pytest.raises(DamagedSnapshot, match="damaged"):
        apply(before, delta.model_copy(update={"resources": steps}))
