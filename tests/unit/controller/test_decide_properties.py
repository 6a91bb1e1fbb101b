"""What holds for every decision, whatever happened to the stack and whatever the alarms say."""

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from rollback_plugin.controller.decide import decide
from rollback_plugin.controller.decision import Action, Decision
from rollback_plugin.controller.policy import StackPolicy
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.journal.status import Status, Verdict
from rollback_plugin.signals.signal import AlarmReading, Signal
from tests.unit.controller.stories import Story, at, reading

ALARMS = ("errors", "latency")

Situation = tuple[Status, Signal, StackPolicy, float]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A stack to which things happened in an order in which they can, with what its alarms say now."""
    story, minute = Story(), 0.0
    for version in range(1, draw(st.integers(1, 3)) + 1):
        minute += draw(st.sampled_from([20.0, 5.0]))
        story.deploy(version, minute, succeeded=draw(st.sampled_from([True, True, False])))
        if draw(st.booleans()):
            minute = _ring(draw, story, minute)
        if version > 1 and draw(st.booleans()):
            minute = _roll_back(draw, story, version, minute)
    if draw(st.booleans()):
        story.hold(version, draw(st.sampled_from(ReasonCode)), minute)
    minute += draw(st.sampled_from([0.0, 1.0, 5.0]))
    if draw(st.integers(0, 4)) == 0:
        story.freeze(minute)
    if draw(st.integers(0, 4)) == 0:
        story.ask(version, 1, minute, alarms=ALARMS).answer(minute, approved=draw(st.booleans()))
    status = story.status(minute)
    policy = StackPolicy(
        automatic_rollback=draw(st.sampled_from([True, True, False])),
        automatic_recovery=draw(st.sampled_from([True, True, False])),
        verify_seconds=draw(st.sampled_from([0, 180])),
        minimum_requests={name: draw(st.sampled_from([0, 20])) for name in ALARMS},
    )
    return status, Signal(tuple(_read(draw, status, name, minute) for name in ALARMS)), policy, minute


def _ring(draw: st.DrawFn, story: Story, minute: float) -> float:
    minute += draw(st.sampled_from([0.5, 2.0, 12.0]))
    name = draw(st.sampled_from(ALARMS))
    story.ring(minute, name)
    if draw(st.integers(0, 3)) == 0:
        minute += 1
        story.clear(minute, name)
    return minute


def _roll_back(draw: st.DrawFn, story: Story, version: int, minute: float) -> float:
    reason = draw(st.sampled_from([ReasonCode.ALARM_AFTER_DEPLOY, ReasonCode.REQUESTED]))
    alarms = tuple(draw(st.sets(st.sampled_from(ALARMS))))
    story.roll_back(version, draw(st.integers(1, version - 1)), minute, reason=reason, alarms=alarms)
    minute += 1
    for name in draw(st.sets(st.sampled_from(ALARMS))):
        story.alarm(name, draw(st.sampled_from([AlarmState.OK, AlarmState.INSUFFICIENT_DATA])), minute)
    after = draw(st.sampled_from(["nothing", "helped", "no help", "recovery"]))
    if after in ("helped", "no help"):
        story.verify(minute, helped=after == "helped", still_ringing=alarms)
    elif after == "recovery":
        story.recover(version, minute)
    return minute


def _read(draw: st.DrawFn, status: Status, name: str, minute: float) -> AlarmReading:
    """Mostly what the journal saw last."""
    known = status.alarms.get(name)
    state = known.state if known and draw(st.integers(0, 3)) else draw(st.sampled_from(AlarmState))
    return reading(state, minute, name, draw(st.sampled_from([None, 0, 19, 20])))


def decided(situation: Situation) -> Decision:
    status, alarms, policy, minute = situation
    return decide(status, alarms, policy, at(minute))


@pytest.mark.parametrize("action", Action)
def test_the_situations_lead_to_every_action(action: Action) -> None:
    """Or else the properties below would speak of nothing."""
    find(
        situations(),
        lambda situation: decided(situation).action is action,
        settings=settings(max_examples=2000, database=None, deadline=None, phases=[Phase.generate]),
    )


@given(situations())
def test_while_frozen_nothing_is_done_but_what_a_person_approved_since(situation: Situation) -> None:
    decision, status = decided(situation), situation[0]

    if status.freeze is not None and not _approved(status):
        assert decision.action not in (Action.ROLL_BACK, Action.RECOVER, Action.ASK)


@given(situations())
def test_what_a_person_denied_is_neither_done_nor_asked_on_the_same_grounds(situation: Situation) -> None:
    decision, status = decided(situation), situation[0]
    question, wanted = status.question, decision.wanted or decision

    if question is not None and question.answer is not None and not question.answer.approved:
        assert not (wanted.action is Action.ROLL_BACK and question.covers("rollback", wanted.version, wanted.alarms))


@given(situations())
def test_a_rollback_goes_to_an_older_healthy_version(situation: Situation) -> None:
    decision, status = decided(situation), situation[0]

    if decision.action is Action.ROLL_BACK and not _approved(status):
        assert decision.target is not None
        assert decision.version is not None
        assert status.version(decision.target).verdict is Verdict.HEALTHY
        assert decision.target < decision.version == status.applied == status.newest


@given(situations())
def test_a_rollback_rests_on_ringing_alarms_that_count_against_the_version_with_enough_requests(
    situation: Situation,
) -> None:
    decision, (status, alarms, policy, _) = decided(situation), situation

    if decision.action is Action.ROLL_BACK and not _approved(status):
        assert decision.version is not None
        assert decision.alarms
        for name in decision.alarms:
            found = next(r for r in alarms.alarms if r.name == name)
            assert found.state is AlarmState.ALARM
            assert name in status.version(decision.version).attributable_alarms
            assert (found.requests or 0) >= policy.requests_needed(name)


@given(situations())
def test_nothing_is_done_automatically_that_the_policy_leaves_to_people(
    situation: Situation,
) -> None:
    decision, (status, _, policy, _) = decided(situation), situation

    if not _approved(status):
        assert policy.automatic_rollback or decision.action is not Action.ROLL_BACK
        assert policy.automatic_recovery or decision.action is not Action.RECOVER


@given(situations())
def test_a_recovery_follows_only_an_automatic_rollback_that_did_not_help(
    situation: Situation,
) -> None:
    decision, status = decided(situation), situation[0]

    if decision.action is Action.RECOVER:
        assert status.unhelpful is not None
        assert status.unhelpful.reason is not ReasonCode.REQUESTED
        assert decision.target == status.unhelpful.undoes


@given(situations())
def test_the_order_in_which_alarms_were_read_does_not_matter(
    situation: Situation,
) -> None:
    status, alarms, policy, minute = situation
    reversed_situation = (status, Signal(tuple(reversed(alarms.alarms))), policy, minute)

    assert _without_order(decided(situation)) == _without_order(decided(reversed_situation))


@given(situations())
def test_a_target_is_named_exactly_when_something_is_applied(
    situation: Situation,
) -> None:
    decision = decided(situation)

    assert (decision.target is not None) == (decision.action in (Action.ROLL_BACK, Action.RECOVER))


def _approved(status: Status) -> bool:
    """Whether a person said yes to something that isn't begun yet."""
    question = status.question
    return question is not None and question.answer is not None and question.answer.approved


def _without_order(decision: Decision) -> tuple[Action, ReasonCode, int | None, int | None, frozenset[str]]:
    return decision.action, decision.reason, decision.version, decision.target, frozenset(decision.alarms)
