"""One process that watches many stacks."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rollback_plugin.controller.beside import Beside, Study
from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.controller.turns import claimed_by_others
from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.journal.entries import Event
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.signal import AlarmObservation
from rollback_plugin.stack import StackName

Observed = dict[str, AlarmObservation] | RollbackPluginError
"""Alarms by name, or why they couldn't be read."""


@dataclass(frozen=True, slots=True)
class FailedRound:
    """A stack for which something could not be done; it is tried again in the next tick."""

    stack: StackName
    error: RollbackPluginError


@dataclass(frozen=True)
class Watch:
    """Looks at every stack, again and again. One stack's trouble is not another's."""

    controllers: Sequence[StackController]
    beside: Beside | None = None
    """Works out what the stacks' studies are about, beside the rounds; None: nobody wants to know."""

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
        self.finish()

    def finish(self) -> None:
        """Wait for what is being worked out beside the rounds, and journal it."""
        if self.beside is not None:
            self.beside.journaled(self._studies(), wait=True)

    def tick(self) -> tuple[Round | FailedRound, ...]:
        """Record new deploys, read all alarms at once, and do what is to be done, stack after stack.

        The rounds come in the order of the stacks. Only errors of this package are caught: anything else is a defect.
        """
        if self.beside is not None:
            self.beside.journaled(self._studies())
        outcomes = dict(self.rounds())
        if self.beside is not None:
            self.beside.begin(self._studies())
        return tuple(outcomes[place] for place in range(len(self.controllers)))

    def rounds(self) -> Iterator[tuple[int, Round | FailedRound]]:
        """What a tick does, as it does it: a stack's place, once its round is over.

        Whoever stops asking keeps the stacks that are left from being worked on.
        """
        # By place, not by name: two backends may each have a stack of that name.
        watched: dict[int, Sequence[str]] = {}
        for place, controller in enumerate(self.controllers):
            try:
                with controller.journal.read_once():
                    controller.recorder.record()
                    watched[place] = controller.watched_alarms()
            except RollbackPluginError as error:
                yield place, FailedRound(controller.stack, error)
        for place, observed, claimed in self._read_alarms(watched):
            yield place, self._round(self.controllers[place], observed, claimed)

    def _studies(self) -> list[Study[Event | None]]:
        return [study for controller in self.controllers for study in controller.studies]

    def _round(
        self, controller: StackController, observed: Observed, claimed: Mapping[str, str]
    ) -> Round | FailedRound:
        if isinstance(observed, RollbackPluginError):
            return FailedRound(controller.stack, observed)
        try:
            return controller.round(observed, claimed)
        except RollbackPluginError as error:
            return FailedRound(controller.stack, error)

    def _read_alarms(self, watched: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, Observed, Mapping[str, str]]]:
        """Every stack's alarms, or why they couldn't be read, and which of them another stack is judged by first; one
        sweep per account and region."""
        by_scope: dict[str, list[tuple[int, AlarmSource]]] = defaultdict(list)
        for place, names in watched.items():
            if not names:
                yield place, {}, {}
                continue
            try:
                source = self.controllers[place].alarm_source()
            except RollbackPluginError as error:
                yield place, error, {}
            else:
                by_scope[source.scope].append((place, source))
        for members in by_scope.values():
            try:
                observed = members[0][1].read_existing([name for place, _ in members for name in watched[place]])
            except RollbackPluginError as error:
                yield from ((place, error, {}) for place, _ in members)
                continue
            listening = {place: frozenset(watched[place]) for place, _ in members}
            claimed = claimed_by_others(self.controllers, listening, observed)
            yield from ((place, observed, claimed[place]) for place, _ in members)
