"""All stacks of a store at a glance: what is there, in a row each, whatever state one of them is in."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from rollback_plugin.errors import StoreUnreachable
from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmState,
    Answered,
    Asked,
    Deployed,
    Event,
    FreezeBegan,
    Held,
    OperationFailed,
    Planned,
    ReasonCode,
    RollbackStarted,
    RolledBack,
)
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.overview import Glance, Overview
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.journal.stacks import stacks_in
from rollback_plugin.journal.status import Verdict
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore, ObjectStore
from tests.unit.controller.stories import NOON

LATER = NOON + timedelta(hours=1)
SHOP = StackName("shop", "prod")


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as made:
        yield made


def tell(store: ObjectStore, stack: StackName, *events: Event) -> None:
    journal = Journal(store, stack, lambda: NOON, "me@here:1")
    for event in events:
        journal.append_next(event)


def deployed(version: int) -> Deployed:
    return Deployed(
        version=version,
        update=f"update-{version}",
        succeeded=True,
        started_at=NOON,
        finished_at=NOON,
        content_digest=None,
        version_digest="",
        bake_seconds=600,
        alarms=("errors",),
    )


RINGS = AlarmChanged(alarm="errors", state=AlarmState.ALARM, since=NOON + timedelta(seconds=5))
ASKED = Asked(
    question="q",
    kind="rollback",
    version=2,
    target=1,
    because=ReasonCode.ALARM_AFTER_DEPLOY,
    reason=ReasonCode.QUIET_HOURS,
    explanation="",
)
STARTED = RollbackStarted(operation="op", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY, alarms=("errors",))
ROLLED_BACK = RolledBack(operation="op", undoes=2, target=1, update="u")
WAY_BACK = Planned(version=1, target=None, verdict=Reversibility.ONE_WAY)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((deployed(1),), Glance(SHOP, 1, 1, Verdict.HEALTHY)),
        ((deployed(1), WAY_BACK), Glance(SHOP, 1, 1, Verdict.HEALTHY, way_back=Reversibility.ONE_WAY)),
        ((deployed(1), RINGS), Glance(SHOP, 1, 1, Verdict.SUSPECT, ringing=("errors",))),
        (
            (deployed(1), deployed(2), STARTED),
            Glance(SHOP, 2, 2, Verdict.HEALTHY, operation="rollback to 1"),
        ),
        (
            (deployed(1), deployed(2), STARTED, ROLLED_BACK),
            Glance(SHOP, 1, 2, Verdict.SUPERSEDED, operation="verifying 1"),
        ),
        (
            (deployed(1), Held(version=1, reason=ReasonCode.NO_HEALTHY_VERSION, explanation="")),
            Glance(SHOP, 1, 1, Verdict.HEALTHY, held=ReasonCode.NO_HEALTHY_VERSION),
        ),
        ((deployed(1), deployed(2), ASKED), Glance(SHOP, 2, 2, Verdict.HEALTHY, asked="rollback to 1")),
        (
            (deployed(1), deployed(2), ASKED, Answered(question="q", approved=False)),
            Glance(SHOP, 2, 2, Verdict.HEALTHY),
        ),
        ((deployed(1), FreezeBegan()), Glance(SHOP, 1, 1, Verdict.HEALTHY, frozen=True)),
        (
            (deployed(1), deployed(2), STARTED, OperationFailed(operation="op", error="no")),
            Glance(SHOP, 2, 2, Verdict.HEALTHY, failed=True),
        ),
    ],
)
def test_a_stack_in_one_row(
    store: ObjectStore, executor: Executor, events: tuple[Event, ...], expected: Glance
) -> None:
    tell(store, SHOP, *events)

    assert Overview(store, lambda: LATER, executor).read() == (expected,)


def test_a_journal_that_cannot_be_read_says_why_in_its_own_row(store: ObjectStore, executor: Executor) -> None:
    for stack in ("a", "b", "c"):
        tell(store, StackName("shop", stack), deployed(1))
    store.write("stacks/shop/b/journal/00000001.json", b"no entry")

    rows = Overview(store, lambda: LATER, executor).read()

    assert [(row.stack.stack, row.applied) for row in rows] == [("a", 1), ("b", None), ("c", 1)]
    assert rows[1].error is not None
    assert "stacks/shop/b/journal/00000001.json" in rows[1].error


def test_the_next_look_shows_what_happened_since(store: ObjectStore, executor: Executor) -> None:
    overview = Overview(store, lambda: LATER, executor)
    assert overview.read() == ()
    tell(store, SHOP, deployed(1))
    assert [row.newest for row in overview.read()] == [1]
    tell(store, SHOP, deployed(2))
    assert [row.newest for row in overview.read()] == [2]


def test_a_store_that_cannot_be_listed_is_an_error(tmp_path: Path, executor: Executor) -> None:
    with pytest.raises(StoreUnreachable):
        Overview(FolderStore(tmp_path / "gone" / "store"), lambda: LATER, executor).read()


def test_stacks_are_listed_once_each_whatever_they_hold(store: ObjectStore) -> None:
    for key in ("web/prod/journal/00000001.json", "web/prod-2/x", "web/prod/versions/1", "web/prod0/x", "api/dev/y"):
        store.create(f"stacks/{key}", b"")
    store.create("blobs/1", b"")

    names = [str(stack) for stack in stacks_in(store)]

    assert sorted(names) == ["api/dev", "web/prod", "web/prod-2", "web/prod0"]
    assert len(names) == len(set(names))
