"""A plan is found again for the very same question, and for no other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from rollback_plugin.errors import StoreReadOnly
from rollback_plugin.journal.options import DEFAULT_OPTIONS, DataPolicy
from rollback_plugin.replay.known_plans import KnownPlan, KnownPlans, Question
from rollback_plugin.replay.plan import Action, DataEffect, Plan, Refusal, Remark, Step
from rollback_plugin.replay.requirements import PluginRequirement, Requirements
from rollback_plugin.stack import StackName
from rollback_plugin.versions.version import Version
from tests.unit.controller.memory_store import MemoryStore

SHOP = StackName("shop", "dev")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAN = Plan(
    (Step("urn:a", "aws:sqs/queue:Queue", Action.REPLACE, "moved", ("name",), DataEffect.EMPTY, gap=True),),
    (),
    (Remark("urn:a", "it comes back empty"),),
    Requirements(assets=1, asset_bytes=5, plugins=(PluginRequirement("aws", "7.0.0", installed=True),)),
)
KNOWN = KnownPlan(PLAN, ("urn:a",))


def version(number: int) -> Version:
    return Version(
        number=number,
        stack=SHOP,
        update=f"dev-{number}",
        started_at=NOON,
        finished_at=NOON,
        succeeded=True,
        checkpoint_digest="c" * 64,
    )


QUESTION = Question(version(1), DEFAULT_OPTIONS, b"the state")


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """An executable of that name."""
    path = tmp_path / "pulumi"
    path.write_bytes(b"3.259")
    path.chmod(0o755)
    return path


def plans(store: MemoryStore, engine: Path) -> KnownPlans:
    return KnownPlans(store, SHOP, {"PATH": str(engine.parent)})


def test_another_process_finds_it(engine: Path) -> None:
    store = MemoryStore()
    plans(store, engine).keep(QUESTION, KNOWN)

    assert plans(store, engine).find(QUESTION) == KNOWN


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda asked: replace(asked, current=b"the state "), id="state"),
        pytest.param(lambda asked: replace(asked, version=version(2)), id="version"),
        pytest.param(
            lambda asked: replace(asked, options=structs.replace(DEFAULT_OPTIONS, data=DataPolicy.FOLLOW)), id="options"
        ),
    ],
)
def test_another_question_has_no_answer_yet(engine: Path, changed: Callable[[Question], Question]) -> None:
    known = plans(MemoryStore(), engine)
    known.keep(QUESTION, KNOWN)

    assert known.find(changed(QUESTION)) is None


def test_another_engine_is_asked_anew(engine: Path) -> None:
    known = plans(MemoryStore(), engine)
    known.keep(QUESTION, KNOWN)
    engine.write_bytes(b"another one")

    assert known.find(QUESTION) is None


def test_a_refusal_may_have_been_put_right(engine: Path) -> None:
    known = plans(MemoryStore(), engine)
    refusing = replace(PLAN, refusals=(Refusal("urn:a", "name", "the bytes are gone"),))
    known.keep(QUESTION, replace(KNOWN, plan=refusing))

    assert known.find(QUESTION) is None


def test_plans_for_states_that_are_gone_are_forgotten(engine: Path) -> None:
    store = MemoryStore()
    known = plans(store, engine)
    follow = replace(QUESTION, options=structs.replace(DEFAULT_OPTIONS, data=DataPolicy.FOLLOW))
    known.keep(QUESTION, KNOWN)
    known.keep(follow, KNOWN)
    assert len(list(store.list("stacks/shop/dev/plans/"))) == 2

    known.keep(replace(QUESTION, current=b"after another deploy"), KNOWN)

    assert len(list(store.list("stacks/shop/dev/plans/"))) == 1


def test_a_damaged_plan_is_made_anew(engine: Path) -> None:
    store = MemoryStore()
    known = plans(store, engine)
    known.keep(QUESTION, KNOWN)
    (key,) = store.list()
    store.write(key, b'{"steps": "none"}')

    assert known.find(QUESTION) is None


def test_who_may_only_read_the_store_can_plan_all_the_same(engine: Path) -> None:
    class ReadOnly(MemoryStore):
        def write(self, key: str, data: bytes) -> None:
            raise StoreReadOnly("no right to write")

    known = plans(ReadOnly(), engine)

    known.keep(QUESTION, KNOWN)

    assert known.find(QUESTION) is None


def test_plans_of_versions_that_are_no_more_are_forgotten(engine: Path) -> None:
    store = MemoryStore()
    other = replace(QUESTION, version=version(12))
    for question in (QUESTION, other):
        plans(store, engine).keep(question, KNOWN)

    plans(store, engine).forget({1, 2})

    assert plans(store, engine).find(QUESTION) is None
    assert plans(store, engine).find(other) == KNOWN
