"""What a process tells of its work: the steps it took and what it decided, in tokens, and only once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import stamina

from rollback_plugin.controller.meters import EntryMeter
from rollback_plugin.controller.reporting import Reporting
from rollback_plugin.controller.round_log import RoundLog
from rollback_plugin.controller.traced import TracedReplayer, TracedRouter
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.errors import EngineFailed, StoreUnreachable
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.journal import Journal
from rollback_plugin.telemetry.interface import Attribute, Counter, Span, Timing
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import ALARM, ME, STACK, Stand, engine_failure
from tests.unit.telemetry.told import Lines, Told


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class Reported(Stand):
    """A stack whose version 2 was just deployed, under a watch that tells of its work."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.two_versions()
        self.log, self.telemetry = Lines(), Told()
        self.cloudwatch = CloudWatch()
        self.cloudwatch.put(ALARM, AlarmState.OK, self.now)
        self.journal = Journal(
            self.store, STACK, lambda: self.now, str(ME), EntryMeter(STACK, self.telemetry, self.log)
        )
        self.operator = replace(
            self.operator,
            journal=self.journal,
            replay=TracedReplayer(self.engine, STACK, self.telemetry),
            router=TracedRouter(self.traffic, STACK, self.telemetry),
        )
        controller = self.controller(self.cloudwatch.source, self.cloudwatch.counter())
        self.watch = Watch([replace(controller, telemetry=self.telemetry)])
        self.round_log = RoundLog(Reporting(self.telemetry, self.log))

    def tick(self) -> None:
        self.round_log.tell(self.watch.tick())

    def lines(self, event: str) -> list[dict[str, object]]:
        return [fields for told, fields in self.log.told if told == event]


@pytest.fixture
def stack(tmp_path: Path) -> Reported:
    return Reported(tmp_path)


def ring(stack: Reported) -> None:
    stack.cloudwatch.put(ALARM, AlarmState.ALARM, stack.now)
    stack.now = stack.now.replace(second=stack.now.second + 3)


def test_a_rollback_is_told_step_by_step(stack: Reported) -> None:
    ring(stack)
    stack.tick()

    assert [line["kind"] for line in stack.lines("journal")] == [
        "alarm",
        "rollback_started",
        "traffic_shifted",
        "rolled_back",
    ]
    started = stack.lines("journal")[1]
    assert (started["stack"], started["undoes"], started["target"]) == ("shop/dev", 2, 1)
    assert started["reason"] == "ALARM_AFTER_DEPLOY"
    assert [line["action"] for line in stack.lines("decided")] == ["ROLL_BACK"]


def test_the_round_its_decision_the_move_and_the_replay_are_traced(stack: Reported) -> None:
    ring(stack)
    stack.tick()

    # By end: what a round does lies inside it. The second move puts consumers where the engine left them.
    assert [span for span, _ in stack.telemetry.spans] == [
        Span.DECIDE,
        Span.TRAFFIC_SHIFT,
        Span.REPLAY,
        Span.TRAFFIC_SHIFT,
        Span.ROUND,
    ]
    assert {attributes["stack"] for _, attributes in stack.telemetry.spans} == {"shop/dev"}


def test_the_time_from_the_alarm_to_the_first_action_is_measured_once(stack: Reported) -> None:
    ring(stack)
    stack.tick()
    stack.tick()

    assert stack.telemetry.recorded == [(Timing.ALARM_TO_FIRST_ACTION, 3.0)]
    assert (
        stack.telemetry.counted.count((Counter.OPERATIONS, {"kind": "rollback", "reason": "ALARM_AFTER_DEPLOY"})) == 1
    )


def test_every_round_is_counted_and_only_news_is_logged(stack: Reported) -> None:
    for _ in range(3):
        stack.wait(0.1)
        stack.tick()

    assert stack.telemetry.counted.count((Counter.ROUNDS, {"outcome": "WAIT"})) == 3
    assert stack.telemetry.counted.count((Counter.DECISIONS, {"action": "WAIT", "reason": "NO_ALARM"})) == 3
    assert [line["reason"] for line in stack.lines("decided")] == ["NO_ALARM"]


def test_a_failed_round_is_counted_by_its_kind_and_logged_once(stack: Reported) -> None:
    stack.recorder.fails_with = StoreUnreachable("The store is away.")
    stack.tick()
    stack.tick()

    failed = (Counter.ROUNDS, {"outcome": "failed", "error": "StoreUnreachable"})
    assert stack.telemetry.counted == [failed, failed]
    assert stack.lines("round_failed") == [
        {"stack": "shop/dev", "error": "StoreUnreachable", "message": "The store is away."}
    ]


def test_what_the_engine_said_is_not_logged(stack: Reported) -> None:
    stack.engine.fails_with = [engine_failure() for _ in range(9)]
    ring(stack)
    stack.tick()

    assert (Counter.FAILED_OPERATIONS, {}) in stack.telemetry.counted
    assert stack.lines("round_failed") == [{"stack": "shop/dev", "error": "EngineFailed"}]
    assert "the provider refused" not in str(stack.log.told)


def test_what_happened_before_is_not_told_again(stack: Reported) -> None:
    ring(stack)
    stack.tick()
    log, telemetry = Lines(), Told()

    Journal(stack.store, STACK, lambda: stack.now, str(ME), EntryMeter(STACK, telemetry, log)).entries()

    assert (log.told, telemetry.counted, telemetry.recorded) == ([], [], [])


def test_a_round_that_fails_for_one_stack_is_told_beside_the_others() -> None:
    log = Lines()

    RoundLog(Reporting(log=log)).tell([FailedRound(STACK, EngineFailed("hunter2"))])

    assert log.told == [("round_failed", {"stack": "shop/dev", "error": "EngineFailed"})]


def test_a_listener_that_fails_keeps_no_entry_from_being_written(stack: Reported) -> None:
    class Broken(Told):
        def count(self, counter: Counter, **attributes: Attribute) -> None:
            raise KeyError("defect")

    log = Lines()
    listener = Reporting(Broken(), log).listener(STACK, stack.store, ME, list)
    stack.operator = replace(stack.operator, journal=Journal(stack.store, STACK, lambda: stack.now, str(ME), listener))

    stack.operator.undo(1)

    assert stack.status().applied == 1
    assert ("listener_defect", "KeyError") in [(event, fields.get("error")) for event, fields in log.told]
