"""Somebody's `pulumi up` holds the stack for minutes, in virtual time: it is waited for, and nobody else waits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import tenacity

from rollback_plugin.backend.locks import Lock
from rollback_plugin.controller.execution import OperationResult
from rollback_plugin.controller.progress import WaitingForLock
from rollback_plugin.controller.stack_controller import Round
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.errors import EngineLocked, WriteConflict
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.stack import StackName
from rollback_plugin.traffic.interface import TrafficMove, TrafficStayed
from rollback_plugin.versions.service import Service
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import Stand

MINUTES = 7
ROLLED_BACK = ["alarm", "rollback_started", "traffic_shifted", "rolled_back"]


@dataclass
class VirtualTime:
    """What retries take for the module `time`."""

    stands: list[Stand]
    meanwhile: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.stands[0].now.timestamp()

    def sleep(self, seconds: float) -> None:
        for stand in self.stands:
            stand.pass_seconds(seconds)
        self.meanwhile()


class Stacks:
    """Two stacks whose newest versions' alarms ring, under one watch."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cloudwatch = CloudWatch()
        self.held, self.other = (
            Stand(folder, stack=StackName(name, "dev"), alarm=f"{name}-errors") for name in ("held", "other")
        )
        self.time = VirtualTime([self.held, self.other])
        for stand in self.time.stands:
            stand.two_versions()
            self.cloudwatch.put(stand.alarm, AlarmState.ALARM, stand.now)
        self.watch = Watch(
            [stand.controller(self.cloudwatch.source, self.cloudwatch.counter()) for stand in self.time.stands]
        )
        monkeypatch.setattr(tenacity, "time", self.time)
        monkeypatch.setattr(tenacity.nap, "time", self.time)

    def ann_updates(self) -> None:
        self.held.backend.held.append(Lock("key", "ann", "laptop", 1, self.held.now))

    def ann_is_done(self) -> None:
        self.held.backend.held.clear()

    def tick(self) -> tuple[Round | FailedRound, Round | FailedRound]:
        held, other = self.watch.tick()
        return held, other

    def ticks_while_ann_updates(self) -> None:
        """A tick a minute; in each the stack is refused in Ann's name."""
        for _ in range(MINUTES):
            held, other = self.tick()
            assert isinstance(held, FailedRound)
            assert isinstance(held.error, EngineLocked)
            assert "ann@laptop" in str(held.error)
            assert isinstance(other, Round)
            self.time.sleep(60)


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stacks:
    return Stacks(tmp_path, monkeypatch)


def test_rounds_say_who_holds_the_stack_and_go_on_with_others(stacks: Stacks) -> None:
    stacks.ann_updates()
    began = stacks.held.now

    stacks.tick()

    assert stacks.held.now - began <= timedelta(seconds=15)
    assert stacks.other.events == ROLLED_BACK
    # Consumers need no engine.
    assert stacks.held.traffic.at == "1"
    assert stacks.held.engine.applied == []


def test_the_rollback_is_done_once_the_stack_is_free(stacks: Stacks) -> None:
    stacks.ann_updates()
    stacks.ticks_while_ann_updates()
    assert stacks.held.status().applied == 2

    stacks.ann_is_done()
    held, _ = stacks.tick()

    assert isinstance(held, Round)
    assert stacks.held.events == ROLLED_BACK
    assert stacks.held.status().applied == 1


@pytest.mark.parametrize("deployed", [True, False], ids=["a new version", "nothing"])
def test_an_update_that_begins_between_decision_and_engine_is_waited_for(
    stacks: Stacks, monkeypatch: pytest.MonkeyPatch, deployed: bool
) -> None:
    shift = stacks.held.traffic.shift

    def shifted_as_ann_begins(service: Service, to: str) -> TrafficMove | TrafficStayed:
        stacks.ann_updates()
        return shift(service, to)

    with monkeypatch.context() as first_tick:
        first_tick.setattr(stacks.held.traffic, "shift", shifted_as_ann_begins)
        stacks.tick()
    stacks.ticks_while_ann_updates()
    if deployed:
        version = stacks.held.deploy_unrecorded()
        stacks.held.recorder.pending.append(lambda: stacks.held.journal.append_next(version))
    stacks.ann_is_done()
    held, _ = stacks.tick()

    if deployed:
        # Watch records what is new before any round.
        assert stacks.held.status().applied == 3
        assert stacks.held.events == ["alarm", "rollback_started", "traffic_shifted", "operation_failed"]
        assert isinstance(held, FailedRound)
        assert isinstance(held.error, WriteConflict)
        assert stacks.held.traffic.at == "3"
        assert stacks.held.engine.applied == []
    else:
        assert stacks.held.events == ROLLED_BACK
        assert stacks.held.status().applied == 1
    assert stacks.held.status().operation is None


def test_a_person_waits_for_minutes_and_is_told_for_whom(stacks: Stacks) -> None:
    stacks.ann_updates()
    began = stacks.held.now
    free_at = began + timedelta(minutes=MINUTES)
    stacks.time.meanwhile = lambda: stacks.ann_is_done() if stacks.held.now >= free_at else None

    result = replace(stacks.held.operator, lock_patience_seconds=600).undo()

    assert isinstance(result, OperationResult)
    assert free_at <= stacks.held.now <= free_at + timedelta(seconds=30)
    (holders,) = {event.holders for event in stacks.held.progress if isinstance(event, WaitingForLock)}
    assert "ann@laptop" in holders[0]
    assert stacks.held.status().applied == 1


def test_a_person_waits_no_longer_than_was_said(stacks: Stacks) -> None:
    stacks.ann_updates()
    began = stacks.held.now

    with pytest.raises(EngineLocked, match="ann@laptop"):
        replace(stacks.held.operator, lock_patience_seconds=120).undo()

    assert timedelta(seconds=100) <= stacks.held.now - began <= timedelta(seconds=140)
    assert stacks.held.events == []
    assert stacks.held.traffic.at == "2"
