"""The rules by which a journal becomes a status, one table row each."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from rollback_plugin.errors import UnknownVersion
from rollback_plugin.journal.apply import facts_of
from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmState,
    Event,
    Held,
    LockBroken,
    Planned,
    ReasonCode,
    TakenOver,
    TrafficShifted,
)
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.journal.status import Status, Verdict
from tests.unit.journal.story import (
    calms,
    deployed,
    destroyed,
    failed,
    minute,
    recovered,
    recovery_started,
    released,
    rings,
    rollback_started,
    rolled_back,
    told,
    verified,
)

Story = Sequence[tuple[float, Event]]

ROLLED_BACK_ONCE: Story = (
    (0, deployed(1, 0)),
    (20, deployed(2, 20)),
    (22, rings(22)),
    (23, rollback_started(2, 1)),
    (24, rolled_back(2, 1)),
)


def status_at(now: float, *story: tuple[float, Event]) -> Status:
    return fold(told(*story), minute(now))


@pytest.mark.parametrize(
    ("rule", "story", "now", "verdicts"),
    [
        ("in its bake window it bakes", [(0, deployed(1, 0))], 9.99, ["baking"]),
        ("when the window is over it is healthy", [(0, deployed(1, 0))], 10, ["healthy"]),
        ("the window begins when the update ends", [(0, deployed(1, 0, finished=5))], 14, ["baking"]),
        ("without a window it is healthy at once", [(0, deployed(1, 0, bake=0))], 0, ["healthy"]),
        ("a failed update is failed", [(0, deployed(1, 0, succeeded=False))], 60, ["failed"]),
        ("an alarm in the window counts", [(0, deployed(1, 0)), (5, rings(5))], 60, ["suspect"]),
        ("an alarm at the window's end counts", [(0, deployed(1, 0)), (10, rings(10))], 60, ["suspect"]),
        ("an alarm after the window doesn't", [(0, deployed(1, 0)), (11, rings(10.01))], 60, ["healthy"]),
        ("an alarm before the deploy doesn't", [(0, rings(-1)), (1, deployed(1, 0))], 60, ["healthy"]),
        ("an alarm at its very beginning doesn't", [(0, rings(0)), (1, deployed(1, 0))], 60, ["healthy"]),
        (
            "an alarm during the update counts, though it was seen before the deploy was recorded",
            [(3, rings(3)), (6, deployed(1, 0, finished=5))],
            60,
            ["suspect"],
        ),
        (
            "an alarm in the window counts, though it was seen after it",
            [(0, deployed(1, 0)), (30, rings(5))],
            60,
            ["suspect"],
        ),
        ("an alarm that calmed down still counts", [(0, deployed(1, 0)), (5, rings(5)), (6, calms(6))], 60,
        ["suspect"]), (
            "an alarm from before that calmed down and rings anew counts",
            [(0, rings(-1)), (1, deployed(1, 0)), (2, calms(2)), (3, rings(3))],
            60,
            ["suspect"],
        ),
        (
            "too little data is not an alarm",
            [
                (0, deployed(1, 0)),
                (5, AlarmChanged(alarm="errors", state=AlarmState.INSUFFICIENT_DATA, since=minute(5))),
            ],
            60,
            ["healthy"],
        ),
        (
            "a deploy during the window supersedes",
            [(0, deployed(1, 0)), (5, deployed(2, 5))],
            60,
            ["superseded", "healthy"],
        ),
        (
            "what matters is when the next update began, not when it ended or was recorded",
            [(0, deployed(1, 0)), (30, deployed(2, 9, finished=12))],
            60,
            ["superseded", "healthy"],
        ),
        (
            "a deploy after the window leaves healthy what was",
            [(0, deployed(1, 0)), (10, deployed(2, 10))],
            60,
            ["healthy", "healthy"],
        ),
        (
            "a version with an alarm against it stays suspect when it is replaced",
            [(0, deployed(1, 0)), (4, rings(4)), (5, deployed(2, 5))],
            60,
            ["suspect", "healthy"],
        ),
        (
            "an alarm counts against the newest only",
            [(0, deployed(1, 0)), (5, deployed(2, 5)), (6, rings(6))],
            60,
            ["superseded", "suspect"],
        ),
        (
            "an alarm from before the next update began counts against the one before, whenever it was seen",
            [(0, deployed(1, 0)), (5, deployed(2, 5)), (6, rings(5))],
            60,
            ["suspect", "healthy"],
        ),
        (
            "an alarm during the next update counts against the next, though it was seen before that was recorded",
            [(0, deployed(1, 0)), (6, rings(6)), (8, deployed(2, 5, finished=7))],
            60,
            ["superseded", "suspect"],
        ),
        (
            "a fix deployed into a fire isn't blamed for it",
            [(0, deployed(1, 0)), (15, rings(15)), (20, deployed(2, 20))],
            60,
            ["healthy", "healthy"],
        ),
        ("a failed update ends the one before it", [(0, deployed(1, 0)), (5, deployed(2, 5, succeeded=False))], 60,
            ["superseded", "failed"]),
        ("a destroyed stack is nothing to go back to", [(0, destroyed(1, 0))], 60, ["destroyed"]),
        ("a destroy that failed is failed", [(0, destroyed(1, 0, succeeded=False))], 60, ["failed"]),
        (
            "a destroy ends the version before it",
            [(0, deployed(1, 0)), (5, destroyed(2, 5))],
            60,
            ["superseded", "destroyed"],
        ),
        ("what was rolled back is quarantined", ROLLED_BACK_ONCE, 60, ["healthy", "quarantined"]),
        (
            "a rollback in progress quarantines nothing",
            ROLLED_BACK_ONCE[:-1],
            60,
            ["healthy", "suspect"],
        ),
        (
            "a rollback that failed quarantines nothing",
            [*ROLLED_BACK_ONCE[:-1], (24, failed())],
            60,
            ["healthy", "suspect"],
        ),
        (
            "a failed update that was rolled back is quarantined",
            [(0, deployed(1, 0)), (20, deployed(2, 20, succeeded=False)), (24, rolled_back(2, 1))],
            60,
            ["healthy", "quarantined"],
        ),
        (
            "an alarm after a rollback counts against nobody",
            [*ROLLED_BACK_ONCE, (26, rings(26, "latency"))],
            60,
            ["healthy", "quarantined"],
        ),
        (
            "a rollback on request quarantines too",
            [(0, deployed(1, 0)), (20, deployed(2, 20)), (40, rollback_started(2, 1)), (41, rolled_back(2, 1))],
            60,
            ["healthy", "quarantined"],
        ),
        (
            "a deploy on a rolled back stack is judged for itself",
            [*ROLLED_BACK_ONCE, (25, calms(25)), (30, deployed(3, 30)), (31, rings(31))],
            60,
            ["healthy", "quarantined", "suspect"],
        ),
        (
            "a deploy on a rolled back stack leaves the quarantine",
            [*ROLLED_BACK_ONCE, (30, deployed(3, 30))],
            60,
            ["healthy", "quarantined", "healthy"],
        ),
        (
            "a recovered version bakes anew",
            [*ROLLED_BACK_ONCE, (30, recovered(2))],
            39,
            ["healthy", "baking"],
        ),
        (
            "a recovered version becomes healthy, cleared of the alarm that rang without it",
            [*ROLLED_BACK_ONCE, (30, recovered(2))],
            40,
            ["healthy", "healthy"],
        ),
        (
            "another alarm in a recovered version's window counts",
            [*ROLLED_BACK_ONCE, (30, recovered(2)), (32, rings(32, "latency"))],
            60,
            ["healthy", "suspect"],
        ),
        (
            "an alarm that rang when it was recovered doesn't count when it rings again",
            [*ROLLED_BACK_ONCE, (30, recovered(2)), (31, calms(31)), (32, rings(32))],
            60,
            ["healthy", "healthy"],
        ),
        (
            "an alarm that had calmed down when it was recovered counts when it rings again",
            [*ROLLED_BACK_ONCE, (25, calms(25)), (26, verified()), (30, recovered(2)), (32, rings(32))],
            60,
            ["healthy", "suspect"],
        ),
        (
            "an alarm that the rollback didn't calm doesn't count, though it was calm for a moment at the recovery",
            [*ROLLED_BACK_ONCE, (27, verified("errors")), (29, calms(29)), (30, recovered(2)), (32, rings(32))],
            60,
            ["healthy", "healthy"],
        ),
        (
            "a recovered version that is rolled back again is quarantined again",
            [*ROLLED_BACK_ONCE, (30, recovered(2)), (32, rings(32, "latency")), (35, rolled_back(2, 1, "op-3"))],
            60,
            ["healthy", "quarantined"],
        ),
        (
            "recovering a healthy version makes it bake again",
            [(0, deployed(1, 0)), (20, deployed(2, 20)), (40, recovered(1))],
            45,
            ["baking", "healthy"],
        ),
        (
            "recovering another version during the window supersedes",
            [(0, deployed(1, 0)), (20, deployed(2, 20)), (25, recovered(1))],
            60,
            ["healthy", "superseded"],
        ),
        ("a released version is released", [*ROLLED_BACK_ONCE, (30, released(2))], 60, ["healthy", "released"]),
        (
            "releasing what isn't quarantined does nothing",
            [(0, deployed(1, 0)), (5, released(1)), (6, released(9))],
            60,
            ["healthy"],
        ),
        (
            "a released version that is rolled back again is quarantined again",
            [*ROLLED_BACK_ONCE, (30, released(2)), (31, recovered(2)), (35, rolled_back(2, 1, "op-3"))],
            60,
            ["healthy", "quarantined"],
        ),
        (
            "a deploy that ended before a rollback and was recorded after it never was in charge",
            [*ROLLED_BACK_ONCE, (25, deployed(3, 22.5, finished=23.5))],
            60,
            ["healthy", "quarantined", "superseded"],
        ),
    ],
)  # fmt: skip
def test_verdicts(rule: str, story: Story, now: float, verdicts: list[str]) -> None:
    assert [version.verdict for version in status_at(now, *story).versions] == verdicts, rule


@pytest.mark.parametrize(
    ("rule", "story", "applied", "newest", "target"),
    [
        ("nothing was deployed", [], None, None, None),
        ("a first deploy has nothing to go back to", [(0, deployed(1, 0))], 1, 1, None),
        ("back from the second to the first", [(0, deployed(1, 0)), (20, deployed(2, 20))], 2, 2, 1),
        ("not to one that was superseded", [(0, deployed(1, 0)), (5, deployed(2, 5))], 2, 2, None),
        (
            "past one that was superseded",
            [(0, deployed(1, 0)), (20, deployed(2, 20)), (25, deployed(3, 25))],
            3,
            3,
            1,
        ),
        (
            "past one that was suspect",
            [(0, deployed(1, 0)), (20, deployed(2, 20)), (21, rings(21)), (60, deployed(3, 60))],
            3,
            3,
            1,
        ),
        (
            "a failed update is what the stack runs",
            [(0, deployed(1, 0)), (20, deployed(2, 20, succeeded=False))],
            2,
            2,
            1,
        ),
        (
            "past one that was destroyed",
            [(0, deployed(1, 0)), (20, destroyed(2, 20)), (40, deployed(3, 40))],
            3,
            3,
            1,
        ),
        ("a rolled back stack runs the target, with nothing older", ROLLED_BACK_ONCE, 1, 2, None),
        ("a stack whose rollback failed runs what it ran", [*ROLLED_BACK_ONCE[:-1], (24, failed())], 2, 2, 1),
        (
            "after the rollback of a third, the second can still be undone",
            [(0, deployed(1, 0)), (20, deployed(2, 20)), (40, deployed(3, 40)), (42, rolled_back(3, 2))],
            2,
            3,
            1,
        ),
        ("a recovered stack runs the newest again", [*ROLLED_BACK_ONCE, (30, recovered(2))], 2, 2, 1),
        ("after a rollback the next deploy goes back past it", [*ROLLED_BACK_ONCE, (30, deployed(3, 30))], 3, 3, 1),
        (
            "a deploy recorded late isn't what the stack runs",
            [*ROLLED_BACK_ONCE, (25, deployed(3, 22.5, finished=23.5))],
            1,
            3,
            None,
        ),
    ],
)
def test_what_the_stack_runs_and_where_it_can_go_back_to(
    rule: str, story: Story, applied: int | None, newest: int | None, target: int | None
) -> None:
    status = status_at(120, *story)

    assert (status.applied, status.newest, status.healthy_target()) == (applied, newest, target), rule


def test_a_deploy_that_ended_within_the_second_of_a_rollback_came_after_it() -> None:
    """The backend's times have no fractions: the update that ended at 12:24:00.9 says 12:24:00."""
    status = status_at(60, *ROLLED_BACK_ONCE[:-1], (24.01, rolled_back(2, 1)), (25, deployed(3, 24, finished=24)))

    assert status.applied == 3
    assert status.version(3).verdict is Verdict.HEALTHY


def test_the_alarms_for_and_against_a_version_are_named() -> None:
    status = status_at(
        60,
        (0, rings(-5, "older")),
        *ROLLED_BACK_ONCE,
        (25, rings(25, "latency")),
        (28, verified("errors")),
        (30, recovered(2)),
        (33, rings(33, "queue-age")),
    )

    assert status.version(2).exonerated_alarms == ("errors", "latency", "older")
    assert status.version(2).attributable_alarms == ("queue-age",)
    assert status.version(1).attributable_alarms == ()
    assert status.version(2).bake_ends_at == minute(40)
    assert "queue-age at 2026-03-01 12:33:00 UTC" in status.version(2).reason
    assert {name: alarm.since for name, alarm in status.alarms.items()}["latency"] == minute(25)


def test_an_operation_is_followed_from_its_start_to_its_verification() -> None:
    shifted = TrafficShifted(operation="op-1", service="orders", before="2", after="1")
    story = [*ROLLED_BACK_ONCE[:4], (23.5, shifted), (24, rolled_back(2, 1)), (26, verified())]

    in_progress = status_at(60, *story[:5])
    assert in_progress.operation is not None
    assert (in_progress.operation.id, in_progress.operation.kind) == ("op-1", "rollback")
    assert (in_progress.operation.undoes, in_progress.operation.target) == (2, 1)
    assert in_progress.operation.alarms == ("errors",)
    assert in_progress.operation.actor == "user@host:1"
    assert in_progress.operation.shifted == (shifted,)
    assert (in_progress.operation.started_at, in_progress.operation.last_activity_at) == (minute(23), minute(23.5))
    assert in_progress.verifying is None

    carried_out = status_at(60, *story[:6])
    assert carried_out.operation is None
    assert carried_out.verifying is not None
    assert carried_out.verifying.id == "op-1"
    assert carried_out.verifying.shifted == (shifted,)
    assert carried_out.verifying.last_activity_at == minute(24)

    helped = status_at(60, *story)
    assert (helped.operation, helped.verifying, helped.unhelpful, helped.last_failure) == (None, None, None, None)


def test_a_rollback_that_did_not_help_stays_known_until_something_takes_its_place() -> None:
    story = [*ROLLED_BACK_ONCE, (27, verified("errors"))]

    def unhelpful(*then: tuple[float, Event]) -> str | None:
        operation = status_at(60, *story, *then).unhelpful
        return operation.id if operation else None

    assert unhelpful() == "op-1"
    assert unhelpful((28, recovery_started(2))) == "op-1"
    assert unhelpful((28, recovery_started(2)), (29, failed("op-2"))) == "op-1"
    assert unhelpful((28, recovery_started(2)), (29, recovered(2))) is None
    assert unhelpful((28, deployed(3, 28))) is None


@pytest.mark.parametrize(
    "then",
    [(28, deployed(3, 28)), (28, recovery_started(2)), (28, rollback_started(1, 1, "op-9")), (28, recovered(2))],
    ids=lambda then: then[1].event,
)
def test_what_changes_the_stack_ends_the_verification(then: tuple[float, Event]) -> None:
    assert status_at(60, *ROLLED_BACK_ONCE).verifying is not None
    assert status_at(60, *ROLLED_BACK_ONCE, then).verifying is None


def test_a_failed_operation_is_shown_until_the_next_thing_happens() -> None:
    story = [*ROLLED_BACK_ONCE[:-1], (24, failed())]
    failure = status_at(60, *story).last_failure

    assert failure is not None
    assert (failure.operation.id, failure.error, failure.at) == ("op-1", "the engine said no", minute(24))
    assert status_at(60, *story).operation is None
    assert status_at(60, *story, (30, rollback_started(2, 1, "op-2"))).last_failure is None
    assert status_at(60, *story, (30, deployed(3, 30))).last_failure is None


def test_an_operation_belongs_to_who_took_it_over_last() -> None:
    taken = TakenOver(operation="op-1", owner="me@elsewhere:7")

    operation = status_at(60, *ROLLED_BACK_ONCE[:-1], (25, taken)).operation

    assert operation is not None
    assert (operation.actor, operation.taken_over_at, operation.owned_since) == ("user@host:1", minute(25), minute(25))
    assert (operation.started_at, operation.last_activity_at) == (minute(23), minute(25))


def test_words_about_another_operation_change_nothing() -> None:
    story = ROLLED_BACK_ONCE[:-1]
    others = TrafficShifted(operation="op-9", service="orders", before="2", after="1")

    assert status_at(60, *story, (25, others)).operation == status_at(60, *story).operation
    assert status_at(60, *story, (25, failed("op-9"))).operation == status_at(60, *story).operation
    elsewhere = TakenOver(operation="op-9", owner="me@elsewhere:7")
    assert status_at(60, *story, (25, elsewhere)).operation == status_at(60, *story).operation
    verifying = status_at(60, *ROLLED_BACK_ONCE)
    assert status_at(60, *ROLLED_BACK_ONCE, (25, verified(operation="op-9"))).verifying == verifying.verifying


def test_why_nothing_was_done_is_shown_until_something_is() -> None:
    held = Held(version=2, reason=ReasonCode.NO_HEALTHY_VERSION, explanation="nothing to go back to")
    story: Story = [(0, deployed(1, 0)), (5, deployed(2, 5)), (6, rings(6)), (7, held)]

    assert status_at(60, *story).held == held
    assert status_at(60, *story, (8, calms(8)), (9, LockBroken(holder="me@here:1"))).held == held
    assert status_at(60, *story, (8, deployed(3, 8))).held is None
    assert status_at(60, *story, (8, rollback_started(2, 1))).held is None


def test_a_version_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(UnknownVersion, match=r"no version 7 of this stack\. There are: 1, 2"):
        status_at(60, *ROLLED_BACK_ONCE).version(7)
    with pytest.raises(UnknownVersion, match="rollback record"):
        status_at(60).version(1)


def test_the_number_of_entries_seen_is_what_the_next_one_is_written_after() -> None:
    assert status_at(60).entries_seen == 0
    assert status_at(60, *ROLLED_BACK_ONCE).entries_seen == 5


def test_going_back_or_forward_to_a_version_nobody_recorded_is_taken_as_said() -> None:
    status = status_at(60, (0, deployed(1, 0)), (20, recovered(7)), (30, deployed(8, 30)))

    assert (status.applied, status.newest) == (8, 8)
    assert [version.number for version in status.versions] == [1, 8]


def test_a_version_recorded_twice_counts_once() -> None:
    twice = status_at(60, (0, deployed(1, 0)), (5, rings(5)), (6, deployed(1, 6)))

    assert twice.versions == status_at(60, (0, deployed(1, 0)), (5, rings(5))).versions


def test_the_way_back_worked_out_last_is_the_versions_and_changes_nothing_else() -> None:
    first = Planned(version=2, target=1, verdict=Reversibility.UNKNOWN, reasons=("no engine",))
    last = Planned(version=2, target=1, verdict=Reversibility.REVERSIBLE)
    deploys = [(0.0, deployed(1, 0)), (20.0, deployed(2, 20))]

    status = fold(told(*deploys, (21, first), (22, last)), minute(25))

    without = fold(told(*deploys), minute(25))
    assert status.version(2) == replace(without.version(2), way_back=last)
    assert status.version(1) == without.version(1)
    assert (status.applied, status.operation) == (2, None)


def test_a_way_back_of_a_version_nobody_knows_says_nothing() -> None:
    planned = Planned(version=7, target=1, verdict=Reversibility.REVERSIBLE)

    assert fold(told((0, deployed(1, 0)), (1, planned)), minute(2)).versions[0].way_back is None


@pytest.mark.parametrize(("told_first", "told_then"), [(5, 8), (8, 5)])
def test_an_alarm_that_rang_twice_counts_as_it_was_told_first(told_first: float, told_then: float) -> None:
    status = status_at(60, (0, deployed(1, 0)), (9, rings(told_first)), (10, rings(told_then)))

    assert f"errors at 2026-03-01 12:0{told_first}:00" in status.version(1).reason


def test_what_all_deploys_are_looked_up_for_holds_in_any_order() -> None:
    """Which updates are journaled, and when the newest ended; since which version there is an alarm."""
    later = replace(deployed(2, 20), alarms=("errors", "queue"))
    facts = facts_of(told((20, later), (21, deployed(1, 10)), (22, deployed(3, 15))))

    assert dict(facts.updates) == {"dev-1": 1, "dev-2": 2, "dev-3": 3}
    assert facts.newest_update_at == minute(20)
    assert facts.named_first == {"errors": 1, "latency": 1, "queue": 2}
