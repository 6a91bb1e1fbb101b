"""Which way a version is re-applied: its snapshot, its source, or whichever can be."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from rollback_plugin.errors import DamagedSnapshot, NotReplayable
from rollback_plugin.journal.options import DEFAULT_OPTIONS, OperationOptions, Strategy
from rollback_plugin.replay.engine_update import OperationKind
from rollback_plugin.replay.events import EngineEvent, ignore_events
from rollback_plugin.replay.plan import Plan, Remark
from rollback_plugin.stack import StackName


class Way(Protocol):
    """One way to re-apply versions. Refuses before anything is touched."""

    def plan(self, target: int, options: OperationOptions) -> Plan: ...

    def apply(
        self,
        target: int,
        operation: str,
        kind: OperationKind,
        options: OperationOptions,
        on_event: Callable[[EngineEvent], None],
        after: str | None,
    ) -> str: ...


class WayBegunAhead(Way, Protocol):
    """One whose engine may begin before it is known whether the update is wanted."""

    def begun(
        self, target: int, operation: str, kind: OperationKind, options: OperationOptions
    ) -> AbstractContextManager[None]: ...

    def has_begun(self, operation: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class ReplayByStrategy:
    """Re-applies versions of one stack by the strategy that the options name."""

    stack: StackName
    snapshot: WayBegunAhead
    by_source: Callable[[], Way]
    """Makes the way by source, for which there is seldom need."""

    def plan(self, target: int, options: OperationOptions = DEFAULT_OPTIONS) -> Plan:
        """The chosen way's plan; under `auto` the source's only where the snapshot's refuses and the source's doesn't.

        Raises what that way's `plan` raises.
        """
        match options.strategy:
            case Strategy.SNAPSHOT:
                return self.snapshot.plan(target, options)
            case Strategy.SOURCE:
                return self.by_source().plan(target, options)
            case Strategy.AUTO:
                return self._plan_by_either(target, options)
        assert_never(options.strategy)

    def begun(
        self, target: int, operation: str, kind: OperationKind, options: OperationOptions = DEFAULT_OPTIONS
    ) -> AbstractContextManager[None]:
        """Let the update that `apply` carries on with begin where that can be; what isn't carried on with ends with the
        block, and touches nothing. A program that is run again begins nothing ahead."""
        if options.strategy is Strategy.SOURCE:
            return nullcontext()
        return self.snapshot.begun(target, operation, kind, options)

    def has_begun(self, operation: str) -> bool:
        """Whether the engine is at work already on the update of that operation."""
        return self.snapshot.has_begun(operation)

    def apply(
        self,
        target: int,
        operation: str,
        kind: OperationKind,
        options: OperationOptions = DEFAULT_OPTIONS,
        on_event: Callable[[EngineEvent], None] = ignore_events,
        after: str | None = None,
    ) -> str:
        """Make the stack agree with the version; the backend's name of the update that did.

        Raises what the chosen way's `apply` raises; `NotReplayable` and `DamagedSnapshot` before anything is touched.
        """
        if options.strategy is Strategy.SOURCE:
            return self.by_source().apply(target, operation, kind, options, on_event, after)
        try:
            return self.snapshot.apply(target, operation, kind, options, on_event, after)
        except (NotReplayable, DamagedSnapshot) as refusal:
            # Refused before anything was touched, so there is still a choice.
            if options.strategy is Strategy.SNAPSHOT:
                raise
            by_source = self.by_source().plan(target, options)
            if by_source.refusals:
                raise type(refusal)(_neither(refusal, by_source)) from None
            return self.by_source().apply(target, operation, kind, options, on_event, after)

    def _plan_by_either(self, target: int, options: OperationOptions) -> Plan:
        try:
            by_snapshot = self.snapshot.plan(target, options)
        except DamagedSnapshot as damaged:
            by_source = self.by_source().plan(target, options)
            if by_source.refusals:
                raise DamagedSnapshot(_neither(damaged, by_source)) from None
            return self._instead(by_source, str(damaged))
        if not by_snapshot.refusals:
            return by_snapshot
        by_source = self.by_source().plan(target, options)
        if by_source.refusals:
            return replace(by_snapshot, refusals=(*by_snapshot.refusals, *by_source.refusals))
        return self._instead(by_source, _listed(by_snapshot))

    def _instead(self, by_source: Plan, why: str) -> Plan:
        remark = Remark(
            self.stack.root_urn, f"its program is run again, because its snapshot can't be re-applied: {why}"
        )
        return replace(by_source, remarks=(remark, *by_source.remarks))


def _neither(refusal: Exception, by_source: Plan) -> str:
    return f"{refusal} Nor can its program be run again: {_listed(by_source)}."


def _listed(plan: Plan) -> str:
    return "; ".join(str(refusal) for refusal in plan.refusals)
