"""One process that watches many stacks."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.signal import AlarmObservation
from rollback_plugin.stack import StackName


@dataclass(frozen=True, slots=True)
class FailedRound:
    """A stack for which something could not be done; it is tried again in the next tick."""

    stack: StackName
    error: RollbackPluginError


@dataclass(frozen=True)
class Watch:
    """Looks at every stack, again and again. One stack's trouble is not another's."""

    controllers: Sequence[StackController]

    def run(
        self,
        interval_seconds: float,
        stop: threading.Event,
        on_tick: Callable[[tuple[Round | FailedRound, ...]], None],
    ) -> None:
        """Tick until `stop` is set; a tick that has begun is finished."""
        while not stop.is_set():
            on_tick(self.tick())
            stop.wait(interval_seconds)

    def tick(self) -> tuple[Round | FailedRound, ...]:
        """Record new deploys, read all alarms at once, and do what is to be done, stack after stack.

        The rounds come in the order of the stacks. Only errors of this package are caught: anything else is a defect.
        """
        outcomes: dict[StackName, Round | FailedRound] = {}
        recorded: list[StackController] = []
        for controller in self.controllers:
            try:
                controller.recorder.record()
                controller.watched_alarms()
            except RollbackPluginError as error:
                outcomes[controller.stack] = FailedRound(controller.stack, error)
            else:
                recorded.append(controller)
        for controller, observed in self._read_alarms(recorded):
            if isinstance(observed, RollbackPluginError):
                outcomes[controller.stack] = FailedRound(controller.stack, observed)
                continue
            try:
                outcomes[controller.stack] = controller.round(observed)
            except RollbackPluginError as error:
                outcomes[controller.stack] = FailedRound(controller.stack, error)
        return tuple(outcomes[controller.stack] for controller in self.controllers)

    def _read_alarms(
        self, controllers: Sequence[StackController]
    ) -> list[tuple[StackController, dict[str, AlarmObservation] | RollbackPluginError]]:
        """Every stack with its alarms, or why they couldn't be read; one sweep per account and region."""
        read: list[tuple[StackController, dict[str, AlarmObservation] | RollbackPluginError]] = []
        by_scope: dict[str, list[tuple[StackController, AlarmSource]]] = defaultdict(list)
        for controller in controllers:
            if not controller.watched_alarms():
                read.append((controller, {}))
                continue
            try:
                source = controller.alarm_source()
            except RollbackPluginError as error:
                read.append((controller, error))
            else:
                by_scope[source.scope].append((controller, source))
        for members in by_scope.values():
            names = [name for controller, _ in members for name in controller.watched_alarms()]
            try:
                observed = members[0][1].read_existing(names)
            except RollbackPluginError as error:
                read.extend((controller, error) for controller, _ in members)
            else:
                read.extend((controller, observed) for controller, _ in members)
        return read
