"""S(t) = S(t-1) + ΔS(t), exactly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.delta import Delta, Kept, apply, difference, from_text, to_text
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
    delta = difference(before.lines, after.lines)

    assert apply(before.lines, delta) == after.lines
    assert from_text(to_text(delta)) == delta


@given(checkpoints())
def test_the_difference_from_nothing_is_the_checkpoint_itself(state: Checkpoint) -> None:
    assert difference((), state.lines) == state.lines
    assert Checkpoint.from_lines(state.lines) == state


def test_what_stayed_is_only_referred_to() -> None:
    before = checkpoint(resource("a"), resource("b"), resource("c", inputs={"size": 1}))
    after = checkpoint(resource("b"), resource("c", inputs={"size": 2}), resource("d"), resource("a"), resource("b"))
    changed, added = after.lines[2:4]

    delta = difference(before.lines, after.lines)

    assert delta == (Kept(0, 1), Kept(2, 1), changed, added, Kept(1, 2))
    assert to_text(delta) == b"[0,1]\n[2,1]\n" + changed + b"\n" + added + b"\n[1,2]\n"


def test_json_that_python_calls_equal_is_still_a_difference() -> None:
    before = checkpoint(resource("a", inputs={"on": True}))
    after = checkpoint(resource("a", inputs={"on": 1}))

    assert apply(before.lines, difference(before.lines, after.lines)) == after.lines


@pytest.mark.parametrize("delta", [(Kept(0, 9),), (Kept(4, 1),), (Kept(-1, 1),)], ids=["many", "beyond", "before"])
def test_lines_that_are_not_there_are_not_made_up(delta: Delta) -> None:
    with pytest.raises(DamagedSnapshot, match="it takes lines"):
        apply(checkpoint(resource("a")).lines, delta)


@pytest.mark.parametrize("text", [b"[1,", b"[1,2]", b"[1]\n", b"[1,2,3]\n", b"[one]\n"])
def test_text_that_is_no_delta_is_refused(text: bytes) -> None:
    with pytest.raises(DamagedSnapshot, match="can't be read"):
        from_text(text)
