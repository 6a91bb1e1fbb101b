"""What a rollback or a recovery could need is never pruned; the rest is, once it is old enough."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rollback_plugin.controller.retention import KeptBecause, Retention, kept_versions
from rollback_plugin.controller.targets import kept_by_recovery, recover_target, undo_target, way_back_target
from rollback_plugin.errors import NotReplayable, VersionPruned
from rollback_plugin.journal.entries import Deployed, Entry, Event, Pruned
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.options import Keeping, OperationOptions
from rollback_plugin.journal.status import Status
from rollback_plugin.stack import StackName
from tests.unit.journal.story import (
    asked,
    deployed,
    failed,
    minute,
    recovered,
    recovery_started,
    rings,
    rollback_started,
    rolled_back,
    told,
    verified,
)
from tests.unit.journal.test_fold_properties import stories

STACK = StackName("shop", "dev")
HARD = Retention(newest=1, days=0)
"""Nothing stays that needn't."""
DAY = 24 * 60.0

Story = list[tuple[float, Event]]


def healthy(*versions: int) -> Story:
    """Deployed half an hour after one another; each baked."""
    return [(30.0 * version, deployed(version, 30.0 * version)) for version in versions]


def kept(story: Story, now: float, retention: Retention = HARD) -> Mapping[int, tuple[KeptBecause, ...]]:
    return kept_versions(STACK, fold(told(*story), minute(now)), retention, minute(now))


def test_the_newest_and_three_healthy_ones_before_it_stay_whatever_is_asked() -> None:
    found = kept(healthy(*range(1, 10)), DAY)

    assert found == {
        6: (KeptBecause.WAY_BACK,),
        7: (KeptBecause.WAY_BACK,),
        8: (KeptBecause.WAY_BACK,),
        9: (KeptBecause.APPLIED, KeptBecause.NEWEST, KeptBecause.RECOVERY, KeptBecause.AMONG_THE_NEWEST),
    }


def test_so_many_of_the_newest_stay() -> None:
    assert set(kept(healthy(*range(1, 10)), DAY, Retention(newest=7, days=0))) == {3, 4, 5, 6, 7, 8, 9}


def test_the_young_stay() -> None:
    retention = Retention(newest=1, days=1)
    assert set(kept(healthy(*range(1, 10)), DAY + 75, retention)) == {3, 4, 5, 6, 7, 8, 9}
    assert set(kept(healthy(*range(1, 10)), DAY + 105, retention)) == {4, 5, 6, 7, 8, 9}


def test_healthy_ones_long_ago_stay_where_nothing_newer_is_healthy() -> None:
    story = healthy(1, 2, 3, 4)
    for version in range(5, 15):
        story += [(30.0 * version, deployed(version, 30.0 * version)), (30.0 * version + 1, rings(30.0 * version + 1))]

    found = kept(story, DAY)

    assert {number for number, why in found.items() if KeptBecause.WAY_BACK in why} == {2, 3, 4}
    assert set(found) == {2, 3, 4, 14}


@pytest.mark.parametrize(
    ("happened", "why"),
    [
        ([(400, rollback_started(9, 1))], KeptBecause.UNDER_WAY),
        ([(400, rollback_started(9, 1)), (401, rolled_back(9, 1))], KeptBecause.APPLIED),
        ([(400, rollback_started(9, 1)), (401, failed())], KeptBecause.UNDER_WAY),
        ([(400, asked(9))], KeptBecause.UNDER_WAY),
        ([(400, recovery_started(1))], KeptBecause.UNDER_WAY),
    ],
)
def test_what_is_under_way_or_failed_or_asked_keeps_its_version(happened: Story, why: KeptBecause) -> None:
    story = healthy(*range(1, 10))
    assert 1 not in kept(story, DAY)

    assert why in kept([*story, *happened], DAY)[1]


def test_a_baking_version_stays() -> None:
    story = [*healthy(1, 2, 3, 4, 5), (300, deployed(6, 300, bake=2 * DAY)), (301, rollback_started(6, 5))]
    story += [(302, rolled_back(6, 5)), (303, recovery_started(6)), (304, recovered(6))]

    assert KeptBecause.BAKING in kept(story, 400)[6]


def test_what_a_recovery_would_compare_with_stays() -> None:
    """Version 9 was rolled back to 1, and 10 deployed since: recovering 9 keeps what 10 changed since 1."""
    story = [*healthy(*range(1, 10)), (400, rollback_started(9, 1)), (401, rolled_back(9, 1)), (402, verified())]
    story += [(450, deployed(10, 450))]
    status = fold(told(*story), minute(DAY))
    assert recover_target(STACK, status, None) == 9
    assert kept_by_recovery(STACK, status, 9) == Keeping(base=1, version=10)

    found = kept(story, DAY)

    assert found[1] == (KeptBecause.RECOVERY,)
    assert KeptBecause.RECOVERY in found[9]


def test_what_a_recovery_kept_stays_as_long_as_it_is_applied() -> None:
    story = [*healthy(*range(1, 10)), (400, rollback_started(9, 1)), (401, rolled_back(9, 1)), (402, verified())]
    story += [(450, deployed(10, 450))]
    keeping = OperationOptions(keeping=Keeping(base=1, version=10))
    story += [(500, replace(recovery_started(9), options=keeping))]
    story += [(501, replace(recovered(9), keeping=10))]

    found = kept(story, DAY)

    assert all(KeptBecause.RECOVERY in found[number] for number in (1, 9, 10))


@given(stories(), st.floats(0, 300))
def test_pruning_changes_no_choice(story: Story, now: float) -> None:
    entries, before, pruned = after_pruning(story, now)
    after = fold(entries, minute(now))

    assert targets(after) == targets(before)
    assert not pruned & {target for target in targets(after) if target is not None}
    for operation in (after.operation, after.verifying, after.unhelpful):
        assert operation is None or operation.target not in pruned
    try:
        keeping = kept_by_recovery(STACK, after, recover_target(STACK, after, None)) if after.versions else None
    except NotReplayable:
        return
    assert keeping is None or not pruned & {keeping.base, keeping.version}


@given(stories(), stories(), st.floats(0, 300))
def test_what_was_pruned_is_never_chosen_again(story: Story, later: Story, now: float) -> None:
    entries, before, pruned = after_pruning(story, now)
    newest = before.newest or 0
    happened = [(entry.time, entry.event) for entry in entries]
    shifted = [
        replace(event, version=event.version + newest) if isinstance(event, Deployed) else event for _, event in later
    ]
    start = max([time for time, _ in happened], default=minute(now))
    more = [*entries, *(entries_after(shifted, len(entries), start))]

    status = fold(more, minute(10_000))

    choices = {status.healthy_target(), status.unproven_target()}
    choices |= {way_back_target(status, version.number) for version in status.versions}
    assert not pruned & choices


def test_a_pruned_version_is_passed_over_where_it_would_be_the_choice() -> None:
    entries = told(*healthy(1, 2, 3), (200, Pruned(versions=(2,))))
    status = fold(entries, minute(DAY))
    assert (status.healthy_target(), way_back_target(status, 3)) == (1, 1)

    cut_short = [(float(version), deployed(version, version)) for version in (1, 2, 3)]
    assert fold(told(*cut_short, (200, Pruned(versions=(2,)))), minute(DAY)).unproven_target() == 1

    undone = [*healthy(1, 2), (200, rollback_started(2, 1)), (201, rolled_back(2, 1)), (250, deployed(3, 250))]
    undone += [(251, rollback_started(3, 1, "op-2")), (252, rolled_back(3, 1, "op-2"))]
    assert recover_target(STACK, fold(told(*undone, (300, Pruned(versions=(3,)))), minute(DAY)), None) == 2


def test_a_pruned_version_can_not_be_asked_for() -> None:
    entries = told(*healthy(1, 2, 3), (200, Pruned(versions=(1,))))
    status = fold(entries, minute(DAY))

    for ask in (undo_target, recover_target):
        with pytest.raises(
            VersionPruned, match="Version 1 can't be had again: user@host:1 pruned it at 2026-03-01 15:20:00 UTC"
        ):
            ask(STACK, status, 1)
    assert undo_target(STACK, status, 2) == 2


def test_the_documented_reasons_are_those_there_are() -> None:
    documented = (Path(__file__).parents[3] / "docs" / "store.md").read_text().partition("## What `rollback prune`")[2]
    rows = re.findall(r"^\| (`[A-Z_`, ]+) \|", documented, flags=re.MULTILINE)

    assert sorted(re.findall("[A-Z_]+", " ".join(rows))) == sorted(KeptBecause)


def after_pruning(story: Story, now: float) -> tuple[list[Entry], Status, set[int]]:
    """The entries with one that prunes all that may be, the status before it, and what it prunes."""
    entries = list(told(*story))
    before = fold(entries, minute(now))
    stays = kept_versions(STACK, before, HARD, minute(now))
    pruned = {version.number for version in before.versions} - set(stays)
    if pruned:
        entries += entries_after([Pruned(versions=tuple(sorted(pruned)))], len(entries), minute(now))
    return entries, before, pruned


def entries_after(events: list[Event], length: int, time: datetime) -> list[Entry]:
    return [
        Entry(sequence=number, time=time, actor="user@host:1", previous="", event=event)
        for number, event in enumerate(events, start=length + 1)
    ]


def targets(status: Status) -> list[int | None]:
    """What everything that chooses a version would choose."""
    if status.applied is None or status.newest is None:
        return []
    return [
        status.healthy_target(),
        status.unproven_target(),
        recover_target(STACK, status, None),
        *(way_back_target(status, version) for version in (status.applied, status.newest)),
    ]
