"""What an operation tells while it runs, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rollback_plugin.journal.entries import ReasonCode

if TYPE_CHECKING:
    from rollback_plugin.replay.events import EngineEvent


@dataclass(frozen=True, slots=True)
class OperationStarted:
    operation: str
    kind: Literal["rollback", "recovery"]
    undoes: int | None
    target: int
    reason: ReasonCode
    resumed: bool = False
    """It was begun by a process that is no more."""


@dataclass(frozen=True, slots=True)
class ConsumersMoved:
    service: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ConsumersStayed:
    """They are moved by the engine, together with the rest."""

    service: str
    why: str


@dataclass(frozen=True, slots=True)
class EngineProgress:
    event: EngineEvent


@dataclass(frozen=True, slots=True)
class WaitingForLock:
    """Somebody else's update holds the stack."""

    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingForOwner:
    """A process on another machine has the operation, and it is to be seen whether that is still there."""

    owner: str


@dataclass(frozen=True, slots=True)
class StaleLockBroken:
    """A lock left by the process that this one carries on for."""

    holder: str


@dataclass(frozen=True, slots=True)
class OperationFinished:
    operation: str
    kind: Literal["rollback", "recovery"]
    target: int
    update: str


Progress = (
    OperationStarted
    | ConsumersMoved
    | ConsumersStayed
    | EngineProgress
    | WaitingForLock
    | WaitingForOwner
    | StaleLockBroken
    | OperationFinished
)
