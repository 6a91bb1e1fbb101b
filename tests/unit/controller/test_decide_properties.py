"""What holds for every decision, whatever happened to the stack and whatever the alarms say."""

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from rollback_plugin.controller.decide import Action, Decision, decide
from rollback_plugin.controller.policy import StackPolicy
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.journal.status import Status, Verdict
from rollback_plugin.signals.signal import Signal
from tests.unit.controller.stories import Story, at, reading

ALARMS = ("errors", "latency")

HAPPENINGS = st.sampled_from(
    ["deploy", "failed deploy", "ring", "clear", "silence", "roll back", "verify", "no help", "recover", "hold", "wait"]
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Status, Signal, StackPolicy, float]:
    """A stack to which things happened that can happen, in an order in which they can."""
    story, minute, newest = Story(), 0.0, 0
    for happening in draw(st.lists(HAPPENINGS, max_size=10)):
        minute += draw(st.sampled_from([0.5, 3.0, 12.0]))
        name = draw(st.sampled_from(ALARMS))
        status = story.status(minute)
        if happening in ("deploy", "failed deploy"):
            newest += 1
            minute += 1
            story.deploy(newest, minute, succeeded=happening == "deploy")
        elif happening == "ring":
            story.ring(minute, name)
        elif happening == "clear":
            story.clear(minute, name)
        elif happening == "silence":
            story.alarm(name, AlarmState.INSUFFICIENT_DATA, minute)
        elif happening == "roll back" and status.applied is not None and status.applied > 1:
            reason = draw(st.sampled_from([ReasonCode.ALARM_AFTER_DEPLOY, ReasonCode.REQUESTED]))
            story.roll_back(status.applied, draw(st.integers(1, status.applied - 1)), minute, reason=reason)
        elif happening in ("verify", "no help") and status.verifying is not None:
            story.verify(minute, helped=happening == "verify", still_ringing=(name,))
        elif happening == "recover" and status.newest is not None:
            story.recover(status.newest, minute)
        elif happening == "hold" and status.newest is not None:
            story.hold(status.newest, draw(st.sampled_from(list(ReasonCode))), minute)
    states = {name: known.state for name, known in story.status(minute).alarms.items()}
    alarms = Signal(
        tuple(
            reading(
                draw(st.sampled_from(AlarmState)) if draw(st.booleans()) else states.get(name, AlarmState.OK),
                minute,
                name,
                draw(st.one_of(st.none(), st.integers(0, 50))),
            )
            for name in ALARMS
        )
    )
    policy = StackPolicy(
        automatic_rollback=draw(st.booleans()),
        automatic_recovery=draw(st.booleans()),
        verify_seconds=draw(st.sampled_from([0, 180])),
        minimum_requests={name: draw(st.sampled_from([0, 20])) for name in ALARMS},
    )
    return story.status(minute), alarms, policy, minute


def decided(situation: tuple[Status, Signal, StackPolicy, float]) -> Decision:
    status, alarms, policy, minute = situation
    return decide(status, alarms, policy, at(minute))


@pytest.mark.parametrize("action", Action)
def test_the_situations_lead_to_every_action(action: Action) -> None:
    find(situations(), lambda situation: decided(situation).action is action)


@given(situations())
def test_a_rollback_goes_to_an_older_healthy_version(situation: tuple[Status, Signal, StackPolicy, float]) -> None:
    decision, status = decided(situation), situation[0]

    if decision.action is Action.ROLL_BACK:
        assert decision.target is not None
        assert decision.version is not None
        assert status.version(decision.target).verdict is Verdict.HEALTHY
        assert decision.target < decision.version == status.applied == status.newest


@given(situations())
def test_a_rollback_rests_on_ringing_alarms_that_count_against_the_version_with_enough_requests(
    situation: tuple[Status, Signal, StackPolicy, float],
) -> None:
    decision, (status, alarms, policy, _) = decided(situation), situation

    if decision.action is Action.ROLL_BACK:
        assert decision.version is not None
        assert decision.alarms
        for name in decision.alarms:
            found = next(r for r in alarms.alarms if r.name == name)
            assert found.state is AlarmState.ALARM
            assert name in status.version(decision.version).attributable_alarms
            assert (found.requests or 0) >= policy.requests_needed(name)


@given(situations())
def test_nothing_is_done_automatically_that_the_policy_leaves_to_people(
    situation: tuple[Status, Signal, StackPolicy, float],
) -> None:
    decision, policy = decided(situation), situation[2]

    assert policy.automatic_rollback or decision.action is not Action.ROLL_BACK
    assert policy.automatic_recovery or decision.action is not Action.RECOVER


@given(situations())
def test_a_recovery_follows_only_an_automatic_rollback_that_did_not_help(
    situation: tuple[Status, Signal, StackPolicy, float],
) -> None:
    decision, status = decided(situation), situation[0]

    if decision.action is Action.RECOVER:
        assert status.unhelpful is not None
        assert status.unhelpful.reason is not ReasonCode.REQUESTED
        assert decision.target == status.unhelpful.undoes


@given(situations())
def test_the_order_in_which_alarms_were_read_does_not_matter(
    situation: tuple[Status, Signal, StackPolicy, float],
) -> None:
    status, alarms, policy, minute = situation
    reversed_situation = (status, Signal(tuple(reversed(alarms.alarms))), policy, minute)

    assert _without_order(decided(situation)) == _without_order(decided(reversed_situation))


@given(situations())
def test_a_target_is_named_exactly_when_something_is_applied(
    situation: tuple[Status, Signal, StackPolicy, float],
) -> None:
    decision = decided(situation)

    assert (decision.target is not None) == (decision.action in (Action.ROLL_BACK, Action.RECOVER))


def _without_order(decision: Decision) -> tuple[Action, ReasonCode, int | None, int | None, frozenset[str]]:
    return decision.action, decision.reason, decision.version, decision.target, frozenset(decision.alarms)
