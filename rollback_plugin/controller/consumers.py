"""Consumers before and after the engine's work: moved back first where that is safe, and left where the engine says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rollback_plugin.controller.consumers_ahead import ConsumersAhead
from rollback_plugin.controller.lambda_records import alias_version
from rollback_plugin.controller.ports import EngineBackend
from rollback_plugin.controller.progress import ConsumersMoved, ConsumersStayed, Progress
from rollback_plugin.errors import CloudError
from rollback_plugin.journal.entries import TrafficShifted
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Operation
from rollback_plugin.stack import StackName
from rollback_plugin.traffic.interface import TrafficMove, TrafficRouter, TrafficStayed
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.service import Service


@dataclass(frozen=True)
class Consumers:
    """The consumers of a stack's services."""

    stack: StackName
    journal: Journal
    archive: VersionArchive
    backend: EngineBackend
    router: TrafficRouter
    ahead: ConsumersAhead
    on_progress: Callable[[Progress], None]

    def move_back(self, rollback: Operation) -> None:
        """Put consumers on what the target version published, ahead of the engine.

        A service stays where it is (the engine moves it) when the old version would miss a resource, when its function
        version is gone, or when AWS doesn't answer; services that `rollback` moved already are left alone. Raises
        `DamagedSnapshot` and the errors of store and backend.
        """
        moved_already = {shifted.service for shifted in rollback.shifted}
        services = [service for service in self.archive.read(rollback.target).services if service.traffic is not None]
        if all(service.name in moved_already for service in services):
            return
        missing = self.ahead.missing(rollback.target)
        for service in services:
            if service.traffic is None or service.name in moved_already:
                continue
            if missing[service.name]:
                needs = ", ".join(missing[service.name])
                self.on_progress(ConsumersStayed(service.name, f"it needs {needs}, restored first"))
            else:
                self._shift(rollback.id, service, service.traffic.version)

    def follow_engine(self, operation: str) -> None:
        """Put consumers where the engine's state says they are.

        The engine has no reason to touch an alias whose state didn't change, even where consumers had been moved ahead
        of it: after a rollback that was given up, say.
        """
        current = Checkpoint.parse(self.backend.current(self.stack), source="the stack's present state")
        for service in current.services():
            version = None if service.traffic is None else alias_version(service.traffic, current)
            if version is not None:
                self._shift(operation, service, version)

    def _shift(self, operation: str, service: Service, to: str) -> None:
        try:
            move: TrafficMove | TrafficStayed = self.router.shift(service, to)
        except CloudError as error:
            move = TrafficStayed(service.name, str(error))
        if isinstance(move, TrafficStayed):
            self.on_progress(ConsumersStayed(move.service, move.why))
        elif move.moved:
            self.journal.append_next(
                TrafficShifted(operation=operation, service=move.service, before=move.before, after=move.after)
            )
            self.on_progress(ConsumersMoved(move.service, move.before, move.after))
