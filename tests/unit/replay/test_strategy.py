"""Which way a version is re-applied, by what the person said and what each way's plan refuses."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest

from rollback_plugin.errors import DamagedSnapshot, EngineFailed, NotReplayable
from rollback_plugin.journal.options import OperationOptions, Strategy
from rollback_plugin.replay.events import EngineEvent, ignore_events
from rollback_plugin.replay.plan import Action, Plan, Refusal, Step
from rollback_plugin.replay.strategy import ReplayByStrategy
from rollback_plugin.stack import StackName
from tests.unit.controller.begins_nothing import BeginsNothing

SHOP = StackName("shop", "dev")
AUTO = OperationOptions()


@dataclass
class Way(BeginsNothing):
    """A double of one way: what it refuses, and what it was asked to apply."""

    name: str
    refuses: str = ""
    breaks_with: Exception | None = None
    applied: list[int] = field(default_factory=list)

    def plan(self, target: int, options: OperationOptions) -> Plan:
        if self.breaks_with is not None:
            raise self.breaks_with
        refusals = (Refusal("urn", "", self.refuses),) if self.refuses else ()
        return Plan((Step("urn", self.name, Action.SAME),), refusals, ())

    def apply(
        self,
        target: int,
        operation: str,
        kind: Literal["rollback", "recovery"],
        options: OperationOptions,
        on_event: Callable[[EngineEvent], None],
        after: str | None,
    ) -> str:
        if self.breaks_with is not None:
            raise self.breaks_with
        if self.refuses:
            raise NotReplayable(f"the {self.name} refuses: {self.refuses}")
        self.applied.append(target)
        return f"by {self.name}"


def replay(snapshot: Way, source: Way) -> ReplayByStrategy:
    return ReplayByStrategy(SHOP, snapshot, lambda: source)


def applied(chosen: ReplayByStrategy, options: OperationOptions) -> str:
    return chosen.apply(1, "operation", "rollback", options, ignore_events, None)


@pytest.mark.parametrize(
    ("strategy", "snapshot_refuses", "way"),
    [
        (Strategy.SNAPSHOT, "", "snapshot"),
        (Strategy.SOURCE, "", "source"),
        (Strategy.SOURCE, "bytes are gone", "source"),
        (Strategy.AUTO, "", "snapshot"),
        (Strategy.AUTO, "bytes are gone", "source"),
    ],
)
def test_the_way_that_is_planned_is_the_way_that_is_taken(strategy: Strategy, snapshot_refuses: str, way: str) -> None:
    chosen = replay(Way("snapshot", snapshot_refuses), Way("source"))
    options = OperationOptions(strategy=strategy)

    plan = chosen.plan(1, options)

    assert ([step.type for step in plan.steps], plan.refusals) == ([way], ())
    assert applied(chosen, options) == f"by {way}"


@pytest.mark.parametrize("strategy", [Strategy.SNAPSHOT, Strategy.SOURCE])
def test_what_was_asked_for_is_not_replaced_by_the_other(strategy: Strategy) -> None:
    other = Way("other")
    refusing = Way("asked for", "no")
    ways = (refusing, other) if strategy is Strategy.SNAPSHOT else (other, refusing)
    options = OperationOptions(strategy=strategy)

    assert [refusal.why for refusal in replay(*ways).plan(1, options).refusals] == ["no"]
    with pytest.raises(NotReplayable, match="the asked for refuses: no"):
        applied(replay(*ways), options)
    assert other.applied == []


def test_the_plan_says_why_the_program_is_run() -> None:
    (remark,) = replay(Way("snapshot", "bytes are gone"), Way("source")).plan(1, AUTO).remarks

    assert remark.urn == SHOP.root_urn
    assert "its program is run again" in remark.text
    assert "urn: bytes are gone" in remark.text


def test_where_neither_can_be_taken_both_say_why() -> None:
    neither = replay(Way("snapshot", "bytes are gone"), Way("source", "commit is gone"))

    assert [refusal.why for refusal in neither.plan(1, AUTO).refusals] == ["bytes are gone", "commit is gone"]
    with pytest.raises(NotReplayable, match=r"bytes are gone Nor can its program be run again: .*commit is gone\."):
        applied(neither, AUTO)


def test_a_damaged_snapshot_is_never_applied_but_its_program_may_be_run() -> None:
    damaged = DamagedSnapshot("The hash is another.")
    either = replay(Way("snapshot", breaks_with=damaged), Way("source"))

    assert "The hash is another" in either.plan(1, AUTO).remarks[0].text
    assert applied(either, AUTO) == "by source"
    neither = replay(Way("snapshot", breaks_with=damaged), Way("source", "commit is gone"))
    for attempt in (lambda: neither.plan(1, AUTO), lambda: applied(neither, AUTO)):
        with pytest.raises(DamagedSnapshot, match=r"another\. Nor .*commit is gone"):
            attempt()


def test_after_an_engine_that_failed_half_way_the_other_way_is_not_tried() -> None:
    source = Way("source")

    with pytest.raises(EngineFailed):
        applied(replay(Way("snapshot", breaks_with=EngineFailed("half-way")), source), AUTO)

    assert source.applied == []
