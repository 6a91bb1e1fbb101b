"""Which of several stacks that share an alarm is judged by it first."""

import pytest

from rollback_plugin.controller.arbitration import Claim, arbitrate, claim
from rollback_plugin.controller.decide import decide
from rollback_plugin.controller.policy import StackPolicy
from tests.unit.controller.cases import AUTOMATIC, RINGING, did_not_help, healthy_then_new, rolled_back
from tests.unit.controller.stories import Story, at


def wish(
    stack: str, *alarms: str, place: int = 0, under_way: bool = False, priority: int = 100, minute: float = 0
) -> Claim:
    return Claim(place, stack, frozenset(alarms), under_way, priority, at(minute))


@pytest.mark.parametrize(
    ("claims", "first"),
    [
        ([wish("a", "x")], "a"),
        ([wish("a", "x", minute=9), wish("b", "x", under_way=True, priority=200)], "b"),
        ([wish("a", "x", minute=9), wish("b", "x", priority=50)], "b"),
        ([wish("a", "x", minute=5), wish("b", "x", minute=9)], "b"),
        ([wish("b", "x"), wish("a", "x")], "a"),
    ],
    ids=["alone", "what is under way", "the policy's order", "the latest deploy", "the name"],
)
def test_the_order(claims: list[Claim], first: str) -> None:
    assert arbitrate(claims)["x"].stack == first
    assert arbitrate(claims[::-1])["x"].stack == first


def test_two_stacks_of_one_name_have_one_order() -> None:
    claims = [wish("a", "x", place=1), wish("a", "x", place=0)]

    assert arbitrate(claims)["x"].place == arbitrate(claims[::-1])["x"].place == 0


def test_each_alarm_has_its_own_turn() -> None:
    turns = arbitrate([wish("a", "x", "y"), wish("b", "y", "z")])

    assert {alarm: found.stack for alarm, found in turns.items()} == {"x": "a", "y": "a", "z": "b"}


def claimed(story: Story, minute: float, policy: StackPolicy = AUTOMATIC) -> Claim | None:
    status = story.status(minute)
    return claim(0, "a", status, decide(status, RINGING, policy, at(minute)), policy.priority)


def test_a_stack_claims_what_it_would_be_undone_for() -> None:
    assert claimed(healthy_then_new().ring(32), 32) == wish("a", "errors", minute=30)


@pytest.mark.parametrize(
    "story",
    [healthy_then_new().ring(32).begin_rollback(2, 1, 33), rolled_back()],
    ids=["under way", "being verified"],
)
def test_a_stack_claims_what_it_is_being_undone_for(story: Story) -> None:
    assert claimed(story, 34) == wish("a", "errors", under_way=True, minute=30)


@pytest.mark.parametrize(
    ("story", "policy"),
    [
        (Story(), AUTOMATIC),
        (healthy_then_new(), AUTOMATIC),
        (healthy_then_new().ring(50), AUTOMATIC),
        (healthy_then_new().ring(32), StackPolicy(automatic_rollback=False)),
        (healthy_then_new().ring(32).freeze(33), AUTOMATIC),
        (did_not_help(), AUTOMATIC),
    ],
    ids=["nothing deployed", "quiet", "not changed", "it asks", "frozen", "did not help"],
)
def test_a_stack_that_is_not_undone_for_it_holds_nobody_up(story: Story, policy: StackPolicy) -> None:
    assert claimed(story, 50, policy) is None
