"""While a rollback is being verified, its recovery is planned; nobody hears of that."""

from pathlib import Path

import pytest

from rollback_plugin.controller.beside import answered
from rollback_plugin.controller.way_forward import WayForward
from rollback_plugin.errors import EngineFailed
from rollback_plugin.journal.entries import (
    ReasonCode,
    RecoveryStarted,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
)
from rollback_plugin.journal.options import OperationOptions
from rollback_plugin.replay.plan import Plan
from tests.unit.controller.cloudwatch import CloudWatch
from tests.unit.controller.stand import ALARM, Stand


class RolledBackStack(Stand):
    """Version 2 was rolled back to 1."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[tuple[int, OperationOptions]] = []
        self.fails = False
        self.engine.plan = self._plan  # type: ignore[method-assign]
        self.seen_to: set[str] = set()
        self.two_versions()
        self.journal.append_next(
            RollbackStarted(operation="o", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY, alarms=(ALARM,))
        )
        self.journal.append_next(RolledBack(operation="o", undoes=2, target=1, update="dev-o"))

    def _plan(self, target: int, options: OperationOptions) -> Plan:
        self.asked.append((target, options))
        if self.fails:
            raise EngineFailed("it broke")
        return Plan((), (), ())

    @property
    def way_forward(self) -> WayForward:
        return WayForward(self.stack, self.journal, self.engine, lambda: self.now, self.seen_to)


@pytest.fixture
def stack(tmp_path: Path) -> RolledBackStack:
    return RolledBackStack(tmp_path)


def test_the_recovery_is_planned_once_and_nothing_is_journaled(stack: RolledBackStack) -> None:
    before = stack.events

    assert answered(stack.way_forward) is None
    assert stack.way_forward.due is None
    assert stack.asked == [(2, OperationOptions())]
    assert stack.events == before


def test_before_a_rollback_there_is_nothing_to_recover(tmp_path: Path) -> None:
    stack = Stand(tmp_path)
    stack.two_versions()

    assert WayForward(stack.stack, stack.journal, stack.engine, lambda: stack.now, set()).due is None


def test_once_it_is_verified_it_is_not_asked_any_more(stack: RolledBackStack) -> None:
    assert stack.way_forward.due == 2

    stack.journal.append_next(RollbackVerified(operation="o", helped=True))

    assert stack.way_forward.due is None


def test_a_recovery_under_way_has_its_plan(stack: RolledBackStack) -> None:
    stack.journal.append_next(RecoveryStarted(operation="r", target=2, reason=ReasonCode.REQUESTED))

    assert stack.way_forward.due is None


def test_what_can_not_be_planned_now_is_left_to_the_recovery(stack: RolledBackStack) -> None:
    stack.fails = True

    with pytest.raises(EngineFailed):
        answered(stack.way_forward)

    assert stack.way_forward.due is None


def test_a_controller_plans_the_recovery_before_anything_else_beside_its_rounds(stack: RolledBackStack) -> None:
    cloudwatch = CloudWatch()
    controller = stack.controller(cloudwatch.source, cloudwatch.counter())

    answered(controller.studies[0])

    assert [target for target, _ in stack.asked] == [2]
    assert controller.studies[0].due is None
