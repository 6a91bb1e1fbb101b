"""What can be decided about a stack."""

from dataclasses import dataclass
from enum import StrEnum

from rollback_plugin.journal.entries import ReasonCode


class Action(StrEnum):
    """What a decision asks for.

    `HOLD` is a `WAIT` that a person should know of, `ASK` one that a person can end: both are journaled, once.
    """

    WAIT = "WAIT"
    HOLD = "HOLD"
    ASK = "ASK"
    ROLL_BACK = "ROLL_BACK"
    RECOVER = "RECOVER"
    VERIFIED = "VERIFIED"
    NOT_HELPED = "NOT_HELPED"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, why, and what it concerns."""

    action: Action
    reason: ReasonCode
    version: int | None
    """The version it is about; None while the stack has none."""
    target: int | None
    """The version to apply; None unless the action is ROLL_BACK or RECOVER."""
    explanation: str
    """One sentence for people."""
    alarms: tuple[str, ...] = ()
    """The alarms it rests on."""
    wanted: "Decision | None" = None
    """Of an ASK: what is done if the answer is yes."""


def wait(reason: ReasonCode, version: int | None, explanation: str, alarms: tuple[str, ...] = ()) -> Decision:
    """Nothing is done; time, data or somebody else may change that."""
    return Decision(Action.WAIT, reason, version, None, explanation, alarms)


def hold(reason: ReasonCode, version: int | None, explanation: str, alarms: tuple[str, ...] = ()) -> Decision:
    """Nothing is done where something might have been expected."""
    return Decision(Action.HOLD, reason, version, None, explanation, alarms)


def named(alarms: tuple[str, ...]) -> str:
    """The alarms, as sentences name them."""
    return ", ".join(f"`{alarm}`" for alarm in alarms)
