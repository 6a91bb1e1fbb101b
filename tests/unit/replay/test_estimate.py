"""How long it may take, as earlier updates tell."""

from datetime import UTC, datetime, timedelta

from rollback_plugin.backend.updates import Update
from rollback_plugin.replay.estimate import estimate_of
from rollback_plugin.replay.requirements import Estimate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def update(seconds: int, changes: int, *, succeeded: bool = True, kind: str = "update") -> Update:
    return Update(
        name="dev-1",
        kind=kind,
        succeeded=succeeded,
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=seconds),
        message="",
        environment={},
        config={},
        resource_changes={"same": 100, "create": changes},
    )


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert estimate_of([], 3) is None
    assert estimate_of([update(5, 3, succeeded=False), update(9, 3, kind="destroy")], 3) is None


def test_the_updates_that_changed_as_much_are_asked() -> None:
    updates = [update(600, 50), update(8, 2), update(12, 2), update(10, 2)]

    assert estimate_of(updates, 2) == Estimate(10, 3, 2, 2)


def test_where_none_changed_as_much_the_nearest_are_asked() -> None:
    assert estimate_of([update(600, 50), update(8, 3), update(4, 1)], 2) == Estimate(6, 2, 1, 3)


def test_only_the_latest_of_many_are_asked() -> None:
    updates = [update(100, 2) for _ in range(10)] + [update(10, 2) for _ in range(5)]

    assert estimate_of(updates, 2) == Estimate(10, 5, 2, 2)


def test_an_update_within_a_second_is_said_to_take_one() -> None:
    assert estimate_of([update(0, 2)], 2) == Estimate(1, 1, 2, 2)


def test_an_estimate_says_what_it_is_from() -> None:
    assert str(Estimate(6, 2, 1, 3)) == (
        "about 6 s, an estimate from the 2 updates of this stack most like it (1 to 3 changed)"
    )
