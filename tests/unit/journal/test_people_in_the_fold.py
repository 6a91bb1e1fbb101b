"""What people say, and what values say, in a stack's status."""

import pytest

from rollback_plugin.journal.chain import canonical_bytes
from rollback_plugin.journal.entries import (
    AlarmExcused,
    AlarmWorsened,
    Answered,
    Deployed,
    Entry,
    Event,
    FreezeBegan,
    FreezeEnded,
    ReasonCode,
    RequestsReached,
    RollbackStarted,
)
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.status import Status, Verdict
from rollback_plugin.stored import read
from tests.unit.journal.story import (
    asked,
    deployed,
    minute,
    recovered,
    rings,
    rollback_started,
    rolled_back,
    told,
)

TWO: tuple[tuple[float, Event], ...] = ((0, deployed(1, 0)), (20, deployed(2, 20)))
SERVED = RequestsReached(version=1, served={"orders": 500})
WORSE = AlarmWorsened(version=2, alarm="errors", before=5, since=50)
EXCUSED = AlarmExcused(version=2, alarm="errors", before=5, since=5)


def status_at(now: float, *story: tuple[float, Event]) -> Status:
    return fold(told(*story), minute(now))


def verdicts(status: Status) -> list[Verdict]:
    return [version.verdict for version in status.versions]


class TestQuestions:
    def test_it_stands_with_its_answer_and_who_gave_it(self) -> None:
        answer = Answered(question="q", approved=True, explanation="go")

        open_question = status_at(60, *TWO, (22, asked(2))).question
        answered = status_at(60, *TWO, (22, asked(2)), (23, answer)).question

        assert open_question is not None
        assert (open_question.asked, open_question.at, open_question.answer) == (asked(2), minute(22), None)
        assert answered is not None
        assert (answered.answer, answered.answered_by) == (answer, "user@host:1")

    @pytest.mark.parametrize(
        "then",
        [deployed(3, 30), rollback_started(2, 1), FreezeBegan()],
        ids=lambda event: event.event,
    )
    def test_it_ends_with_the_next_deploy_operation_or_freeze(self, then: Event) -> None:
        assert status_at(60, *TWO, (22, asked(2)), (30, then)).question is None

    def test_an_answer_to_what_nobody_asked_says_nothing(self) -> None:
        answer = Answered(question="q", approved=True)

        assert status_at(60, *TWO, (22, answer)).question is None
        assert (
            status_at(60, *TWO, (22, answer), (23, asked(2))).question == status_at(60, *TWO, (23, asked(2))).question
        )

    def test_it_covers_what_rests_on_its_own_alarms_or_fewer(self) -> None:
        question = status_at(60, *TWO, (22, asked(2))).question
        assert question is not None

        assert question.covers("rollback", 2, ("errors",))
        assert question.covers("rollback", 2, ())
        assert not question.covers("rollback", 2, ("errors", "latency"))
        assert not question.covers("rollback", 1, ("errors",))
        assert not question.covers("recovery", 2, ("errors",))


class TestFreezes:
    def test_it_lasts_until_its_date(self) -> None:
        story = (*TWO, (22.0, FreezeBegan(until=minute(40))))

        frozen = status_at(39.9, *story).freeze
        assert frozen is not None
        assert (frozen.at, frozen.by) == (minute(22), "user@host:1")
        assert status_at(40, *story).freeze is None

    def test_without_a_date_it_lasts_until_somebody_ends_it(self) -> None:
        assert status_at(10_000, *TWO, (22, FreezeBegan())).freeze is not None
        assert status_at(10_000, *TWO, (22, FreezeBegan()), (23, FreezeEnded())).freeze is None

    def test_a_deploy_does_not_end_it(self) -> None:
        assert status_at(60, *TWO, (22, FreezeBegan()), (30, deployed(3, 30))).freeze is not None


class TestRequests:
    STORY = ((0, deployed(1, 0, requests=500)),)

    def test_time_alone_does_not_make_it_healthy(self) -> None:
        status = status_at(10_000, *self.STORY)

        assert verdicts(status) == [Verdict.BAKING]
        assert status.versions[0].reason == "it bakes until 500 requests were served"

    def test_requests_alone_do_not_make_it_healthy(self) -> None:
        assert verdicts(status_at(9.9, *self.STORY, (5, SERVED))) == [Verdict.BAKING]
        assert verdicts(status_at(10, *self.STORY, (5, SERVED))) == [Verdict.HEALTHY]

    def test_both_do(self) -> None:
        assert verdicts(status_at(90, *self.STORY, (90, SERVED))) == [Verdict.HEALTHY]

    def test_an_alarm_counts_until_they_are_served(self) -> None:
        assert verdicts(status_at(100, *self.STORY, (80, rings(80)), (90, SERVED))) == [Verdict.SUSPECT]
        assert verdicts(status_at(100, *self.STORY, (90, SERVED), (95, rings(95)))) == [Verdict.HEALTHY]

    def test_a_deploy_before_they_are_served_supersedes_it(self) -> None:
        assert verdicts(status_at(100, *self.STORY, (60, deployed(2, 60))))[0] is Verdict.SUPERSEDED

    def test_requests_after_it_was_replaced_say_nothing(self) -> None:
        assert verdicts(status_at(100, *self.STORY, (60, deployed(2, 60)), (70, SERVED)))[0] is Verdict.SUPERSEDED

    def test_a_recovered_version_has_to_serve_them_anew(self) -> None:
        story = (*self.STORY, (20.0, SERVED), (40.0, deployed(2, 40)), (41.0, recovered(1)))

        assert status_at(100, *story).version(1).verdict is Verdict.BAKING
        assert status_at(100, *story, (70, SERVED)).version(1).verdict is Verdict.HEALTHY


class TestValues:
    def test_an_alarm_that_got_worse_counts_though_it_rang_before(self) -> None:
        status = status_at(60, (0, deployed(1, 0)), (15, rings(15)), (20, deployed(2, 20)), (25, WORSE)).version(2)

        assert (status.verdict, status.attributable_alarms, status.worsened_alarms) == (
            Verdict.SUSPECT,
            ("errors",),
            ("errors",),
        )
        assert status.reason == "rang before its deploy and got worse with it: errors"

    def test_a_recovered_version_begins_anew(self) -> None:
        story = (*TWO, (25.0, WORSE), (26.0, rollback_started(2, 1)), (27.0, rolled_back(2, 1)), (40.0, recovered(2)))

        assert status_at(60, *story).version(2).worsened_alarms == ()

    def test_an_excused_alarm_does_not_count(self) -> None:
        status = status_at(60, *TWO, (22, rings(22)), (25, EXCUSED)).version(2)

        assert (status.verdict, status.attributable_alarms, status.exonerated_alarms) == (
            Verdict.HEALTHY,
            (),
            ("errors",),
        )

    def test_values_of_a_version_nobody_knows_say_nothing(self) -> None:
        stranger = AlarmWorsened(version=9, alarm="errors", before=5, since=50)

        assert status_at(60, *TWO, (25, stranger)).versions == status_at(60, *TWO).versions


def test_rollbacks_that_no_person_had_the_idea_of_are_counted() -> None:
    by_hand = RollbackStarted(operation="o", undoes=2, target=1, reason=ReasonCode.REQUESTED)

    status = status_at(60, *TWO, (25, rollback_started(2, 1)), (26, rolled_back(2, 1)), (50, by_hand))

    assert status.automatic_rollbacks == (minute(25),)


def test_a_target_nothing_speaks_against_is_newer_than_none_and_not_suspect() -> None:
    cut_short: tuple[tuple[float, Event], ...] = ((0, deployed(1, 0)), (5, deployed(2, 5)), (7, deployed(3, 7)))

    assert status_at(8, *cut_short).unproven_target() == 2
    assert status_at(8, *cut_short[:2], (6, rings(6)), cut_short[2]).unproven_target() == 1
    assert status_at(8).unproven_target() is None


def test_a_deploy_journaled_before_bakes_asked_for_requests_is_read() -> None:
    (entry,) = told((0, deployed(1, 0)))
    old = canonical_bytes(entry).replace(b'"bake_requests": 0,', b"")

    event = read(old, Entry).event

    assert isinstance(event, Deployed)
    assert event.bake_requests == 0
