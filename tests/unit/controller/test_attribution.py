"""What alarms' values say where their state alone says too little."""

from collections.abc import Sequence

import pytest

from rollback_plugin.controller.attribution import Trend, of_a_fire, trend, weighed
from rollback_plugin.controller.decision import Action
from rollback_plugin.journal.entries import AlarmExcused, AlarmState, AlarmWorsened, ReasonCode
from rollback_plugin.signals.signal import AlarmConfiguration
from tests.unit.controller.cases import ALARM, NO_DATA, OK, Case, assert_decided, healthy_then_new
from tests.unit.controller.stories import Story, reading, signal, values

CREATED, CHANGED = AlarmConfiguration.CREATED, AlarmConfiguration.CHANGED
ROLL_BACK, WAIT, VERIFIED, NOT_HELPED = Action.ROLL_BACK, Action.WAIT, Action.VERIFIED, Action.NOT_HELPED
BAD, MUCH_WORSE = values([10, 10, 10], [10, 11, 9]), values([10, 10, 10], [40, 50, 45])


def on_fire() -> Story:
    """Version 1 rings since minute 25; version 2, deployed at minute 30, may be the fix."""
    return Story().deploy(1, 0).ring(25).deploy(2, 30)


def undone() -> Story:
    """The fire got worse with version 2, which was rolled back at minute 36."""
    return on_fire().worsen(2, 35).roll_back(2, 1, 36, reason=ReasonCode.ALARM_GOT_WORSE)


WEIGHED = [
    Case(
        "a fire that got much worse with the deploy, and no version before it is healthy",
        Story().deploy(1, 0).ring(5).deploy(2, 30).worsen(2, 35),
        signal(reading(ALARM, 5, baseline=MUCH_WORSE)),
        35,
        Action.HOLD,
        ReasonCode.NO_HEALTHY_VERSION,
    ),
    Case(
        "a fire that began after the last bake, and got much worse with the deploy",
        on_fire().worsen(2, 35),
        signal(reading(ALARM, 25, baseline=MUCH_WORSE)),
        35,
        ROLL_BACK,
        ReasonCode.ALARM_GOT_WORSE,
        target=1,
    ),
    Case(
        "a fire that is as it was",
        on_fire(),
        signal(reading(ALARM, 25, baseline=BAD)),
        35,
        WAIT,
        ReasonCode.ALARM_BEFORE_DEPLOY,
    ),
    Case(
        "after its rollback the fire is as it was before the deploy",
        undone(),
        signal(reading(ALARM, 25, baseline=BAD)),
        37,
        VERIFIED,
        ReasonCode.ALARM_CLEARED,
    ),
    Case(
        "after its rollback the fire is out",
        undone().clear(37),
        signal(reading(OK, 37)),
        37,
        VERIFIED,
        ReasonCode.ALARM_CLEARED,
    ),
    Case(
        "after its rollback the fire is as bad, in time",
        undone(),
        signal(reading(ALARM, 25, baseline=MUCH_WORSE)),
        38,
        WAIT,
        ReasonCode.VERIFYING,
    ),
    Case(
        "after its rollback the fire stays as bad",
        undone(),
        signal(reading(ALARM, 25, baseline=MUCH_WORSE)),
        39,
        NOT_HELPED,
        ReasonCode.ROLLBACK_DID_NOT_HELP,
    ),
    Case(
        "after its rollback too little is known of the fire",
        undone(),
        signal(reading(ALARM, 25, requests=100)),
        600,
        WAIT,
        ReasonCode.INSUFFICIENT_DATA,
    ),
    Case(
        "an alarm that the deploy made, without a value since",
        healthy_then_new().ring(31),
        signal(reading(ALARM, 31, configuration=CREATED, baseline=values([], []))),
        32,
        WAIT,
        ReasonCode.INSUFFICIENT_DATA,
    ),
    Case(
        "an alarm that the deploy made on a metric that is as new",
        healthy_then_new().ring(31),
        signal(reading(ALARM, 31, configuration=CREATED, baseline=values([], [9]))),
        32,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "an alarm that the deploy changed, with fewer values since than it takes to compare",
        healthy_then_new().ring(31),
        signal(reading(ALARM, 31, configuration=CHANGED, baseline=values([2, 2, 2], [9, 9]))),
        32,
        WAIT,
        ReasonCode.INSUFFICIENT_DATA,
    ),
    Case(
        "an alarm that the deploy changed, on values that are much worse since",
        healthy_then_new().ring(31),
        signal(reading(ALARM, 31, configuration=CHANGED, baseline=values([2, 2, 2], [9, 9, 9]))),
        33,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "an alarm that the deploy changed, on values that are as they were",
        healthy_then_new().ring(31).excuse(2, 33),
        signal(reading(ALARM, 31, configuration=CHANGED, baseline=values([6, 6, 6], [6, 6, 6]))),
        33,
        WAIT,
        ReasonCode.ALARM_REDEFINED,
    ),
    Case(
        "an alarm that the deploy made, of which nobody knows the values",
        healthy_then_new().ring(31),
        signal(reading(ALARM, 31, configuration=CREATED)),
        31,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
]


@pytest.mark.parametrize("case", WEIGHED, ids=str)
def test_given_then(case: Case) -> None:
    assert_decided(case)


@pytest.mark.parametrize(
    ("before", "since", "higher_is_worse", "expected"),
    [
        ([5, 5, 5], [10, 10, 10], True, Trend.WORSE),
        ([5, 5, 5], [9.9, 9.9, 9.9], True, Trend.NOT_WORSE),
        ([5, 5, 5], [4, 900, 4], True, Trend.NOT_WORSE),
        ([0, 0, 0], [0, 0, 0], True, Trend.NOT_WORSE),
        ([0, 0, 0], [1, 1, 1], True, Trend.WORSE),
        ([5, 5], [50, 50, 50], True, None),
        ([5, 5, 5], [50, 50], True, None),
        ([100, 100, 100], [50, 50, 50], False, Trend.WORSE),
        ([100, 100, 100], [51, 51, 51], False, Trend.NOT_WORSE),
        ([100, 100, 100], [300, 300, 300], False, Trend.NOT_WORSE),
        ([100, 100, 100], [0, 0, 0], False, Trend.WORSE),
    ],
)
def test_worse_is_twice_as_bad_in_the_middle_with_enough_values_on_either_side(
    before: Sequence[float], since: Sequence[float], higher_is_worse: bool, expected: Trend | None
) -> None:
    assert trend(values(before, since, higher_is_worse=higher_is_worse)) is expected


def test_values_that_nobody_knows_say_nothing() -> None:
    assert trend(None) is None
    assert of_a_fire(None) is None


@pytest.mark.parametrize(
    ("before", "higher_is_worse", "kept"),
    [([1, 4.9, 5, 20], True, (5, 20)), ([100, 5.1, 5, 0], False, (5, 0))],
)
def test_a_fire_is_compared_with_itself_and_not_with_the_peace_before(
    before: Sequence[float], higher_is_worse: bool, kept: Sequence[float]
) -> None:
    fire = of_a_fire(values(before, [50, 50, 50], higher_is_worse=higher_is_worse))

    assert fire is not None
    assert (fire.before, fire.since) == (kept, (50, 50, 50))


def test_a_fire_that_had_just_begun_has_not_got_worse() -> None:
    seen = signal(reading(ALARM, 25, baseline=values([1] * 50 + [20, 20, 20], [20, 20, 20])))

    assert not list(weighed(on_fire().status(35), seen))


def test_a_fire_that_got_worse_is_journaled_once() -> None:
    story, seen = on_fire(), signal(reading(ALARM, 25, baseline=MUCH_WORSE))

    assert list(weighed(story.status(35), seen)) == [AlarmWorsened(version=2, alarm="errors", before=10, since=45)]
    assert not list(weighed(story.worsen(2, 35).status(35), seen))


def test_an_alarm_that_the_deploy_changed_is_excused_once() -> None:
    story = healthy_then_new().ring(31)
    seen = signal(reading(ALARM, 31, configuration=CHANGED, baseline=BAD))

    assert list(weighed(story.status(33), seen)) == [AlarmExcused(version=2, alarm="errors", before=10, since=10)]
    assert not list(weighed(story.excuse(2, 33).status(33), seen))


@pytest.mark.parametrize(
    ("story", "minute", "state", "configuration"),
    [
        (on_fire(), 45, ALARM, AlarmConfiguration.UNCHANGED),
        (on_fire().begin_rollback(2, 1, 35), 36, ALARM, AlarmConfiguration.UNCHANGED),
        (undone(), 37, ALARM, AlarmConfiguration.UNCHANGED),
        (on_fire(), 35, OK, AlarmConfiguration.UNCHANGED),
        (on_fire(), 35, NO_DATA, AlarmConfiguration.UNCHANGED),
        (on_fire().excuse(2, 34), 35, ALARM, AlarmConfiguration.UNCHANGED),
        (on_fire(), 35, ALARM, CHANGED),
        (Story(), 0, ALARM, AlarmConfiguration.UNCHANGED),
    ],
    ids=[
        "after the bake",
        "while it is rolled back",
        "after it was",
        "not ringing",
        "no data",
        "shown not to be the cause",
        "another rule",
        "nothing deployed",
    ],
)
def test_a_fire_is_not_said_to_have_got_worse(
    story: Story, minute: float, state: AlarmState, configuration: AlarmConfiguration
) -> None:
    seen = signal(reading(state, 25, baseline=MUCH_WORSE, configuration=configuration))

    assert not list(weighed(story.status(minute), seen))
