"""Which of several stacks that share an alarm is undone first: a pure function.

An alarm that several stacks name is one fact about all of them. The stacks' own journals say which were changed: for
those that weren't, it went off outside of their bake windows, and they leave it. Where several were changed, one goes
first, and the others wait until it is known whether that helped:

1. a stack that is being rolled back for that alarm, or whose rollback for it awaits its verification;
2. then the lowest `priority` of the policies;
3. then the latest deploy: what changed last is the likeliest cause;
4. then the name, so that every process comes to the same order.

A stack that only asks a person has no turn to lose: while it asks, the next one isn't held up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.controller.decision import Action, Decision
from rollback_plugin.journal.status import Status


@dataclass(frozen=True, slots=True)
class Claim:
    """A stack's wish to be judged by some alarms now."""

    place: int
    """Of the stack among those that are looked at; two backends may each have a stack of one name."""
    stack: str
    alarms: frozenset[str]
    under_way: bool
    """Whether it acts on them already."""
    priority: int
    deployed_at: datetime


def claim(place: int, stack: str, status: Status, decision: Decision, priority: int) -> Claim | None:
    """What the stack acts on, or would; None where no alarm makes it do anything."""
    if status.newest is None:
        return None
    deployed_at = status.version(status.newest).deployed_at
    acting = status.operation or status.verifying
    if acting is not None:
        alarms = frozenset(acting.alarms)
        return Claim(place, stack, alarms, True, priority, deployed_at) if alarms else None
    if decision.action is not Action.ROLL_BACK:
        return None
    return Claim(place, stack, frozenset(decision.alarms), False, priority, deployed_at)


def arbitrate(claims: Sequence[Claim]) -> Mapping[str, Claim]:
    """By alarm, whose turn it is."""
    turns: dict[str, Claim] = {}
    for found in sorted(claims, key=_order):
        for alarm in found.alarms:
            turns.setdefault(alarm, found)
    return turns


def _order(found: Claim) -> tuple[bool, int, float, str, int]:
    return not found.under_way, found.priority, -found.deployed_at.timestamp(), found.stack, found.place
