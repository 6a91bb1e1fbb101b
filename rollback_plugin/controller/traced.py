"""The two slow things an operation does, each in a span of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rollback_plugin.controller.ports import Replayer
from rollback_plugin.journal.options import OperationOptions
from rollback_plugin.stack import StackName
from rollback_plugin.telemetry.interface import Span, Telemetry
from rollback_plugin.traffic.interface import TrafficMove, TrafficRouter, TrafficStayed
from rollback_plugin.versions.service import Service

if TYPE_CHECKING:
    from rollback_plugin.replay.events import EngineEvent
    from rollback_plugin.replay.plan import Plan


@dataclass(frozen=True)
class TracedReplayer:
    """A replayer whose runs of the engine are traced."""

    replay: Replayer
    stack: StackName
    telemetry: Telemetry

    def plan(self, target: int, options: OperationOptions) -> Plan:
        return self.replay.plan(target, options)

    def begun(
        self, target: int, operation: str, kind: Literal["rollback", "recovery"], options: OperationOptions
    ) -> AbstractContextManager[None]:
        return self.replay.begun(target, operation, kind, options)

    def has_begun(self, operation: str) -> bool:
        return self.replay.has_begun(operation)

    def apply(
        self,
        target: int,
        operation: str,
        kind: Literal["rollback", "recovery"],
        options: OperationOptions,
        on_event: Callable[[EngineEvent], None],
        after: str | None,
    ) -> str:
        with self.telemetry.span(Span.REPLAY, stack=str(self.stack), operation=operation, kind=kind, target=target):
            return self.replay.apply(target, operation, kind, options, on_event, after)


@dataclass(frozen=True)
class TracedRouter:
    """A router whose moves are traced."""

    router: TrafficRouter
    stack: StackName
    telemetry: Telemetry

    def current(self, service: Service) -> str | None:
        return self.router.current(service)

    def shift(self, service: Service, to: str) -> TrafficMove | TrafficStayed:
        with self.telemetry.span(Span.TRAFFIC_SHIFT, stack=str(self.stack), service=service.name, to=to):
            return self.router.shift(service, to)
