"""Traces and metrics as the controller tells them, whoever listens; without anybody they cost nothing."""

from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Protocol

Attribute = str | int | float | bool
"""Never a value of a resource or of a stack's config: secrets can't get out this way."""


class Span(StrEnum):
    """What is traced. The names are what dashboards are built on: they stay."""

    ROUND = "rollback.round"
    DECIDE = "rollback.decide"
    TRAFFIC_SHIFT = "rollback.traffic_shift"
    REPLAY = "rollback.replay"


class Counter(StrEnum):
    """What is counted. The names stay."""

    ROUNDS = "rollback.rounds"
    """Attribute `outcome`: the action decided on, or `failed` with the `error`'s kind."""
    DECISIONS = "rollback.decisions"
    """Attributes `action` and `reason`."""
    OPERATIONS = "rollback.operations"
    """Rollbacks and recoveries begun. Attributes `kind` and `reason`."""
    FAILED_OPERATIONS = "rollback.operations.failed"
    MESSAGES_DROPPED = "rollback.messages.dropped"
    """Hints that were no hints. Attribute `why`."""
    NOTICES = "rollback.notices"
    """Attributes `channel` (its kind) and `outcome`: sent, failed, dropped (too many waited), or unmarked (the store
    couldn't be told)."""


class Timing(StrEnum):
    """What is measured, in seconds. The names stay."""

    ALARM_TO_FIRST_ACTION = "rollback.alarm_to_first_action"
    """From the moment an alarm went to ALARM to the first step that consumers feel: they are moved, or, where they
    can't be, the engine has finished."""


class Telemetry(Protocol):
    """Takes what is told, at once and without raising."""

    def span(self, name: Span, **attributes: Attribute) -> AbstractContextManager[object]:
        """A span around what is done inside; an exception that passes through marks it as failed."""
        ...

    def count(self, counter: Counter, **attributes: Attribute) -> None: ...

    def record(self, timing: Timing, seconds: float, **attributes: Attribute) -> None: ...


class _Silent:
    def span(self, name: Span, **attributes: Attribute) -> AbstractContextManager[object]:
        return nullcontext()

    def count(self, counter: Counter, **attributes: Attribute) -> None:
        pass

    def record(self, timing: Timing, seconds: float, **attributes: Attribute) -> None:
        pass


SILENT: Telemetry = _Silent()
"""For nobody."""
