"""Finds, among stacks that are looked at together, which of those that share an alarm have to wait for another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from rollback_plugin.controller.arbitration import Claim, arbitrate
from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.signal import AlarmObservation

if TYPE_CHECKING:
    from rollback_plugin.controller.stack_controller import StackController


def claimed_by_others(
    controllers: Sequence[StackController],
    watched: Mapping[int, AbstractSet[str]],
    observed: Mapping[str, AlarmObservation],
) -> Mapping[int, Mapping[str, str]]:
    """By place, the alarms that another stack is judged by first, with its name. `watched` has the alarms that each
    place's stack listens to, all of one account and region.

    Only stacks that share a ringing alarm are asked what they would do. Raises nothing: one that can't be asked has no
    claim, and its own round meets the same error.
    """
    times = Counter(name for names in watched.values() for name in names)
    shared = {name for name, count in times.items() if count > 1 and name in observed and _rings(observed[name])}
    claims: list[Claim] = []
    for place, names in watched.items():
        if not shared & names:
            continue
        try:
            claim = controllers[place].claim(place, observed)
        except RollbackPluginError:
            continue
        if claim is not None:
            claims.append(claim)
    turns = arbitrate(claims)
    return {
        place: {
            name: turns[name].stack for name in sorted(shared & names) if name in turns and turns[name].place != place
        }
        for place, names in watched.items()
    }


def _rings(alarm: AlarmObservation) -> bool:
    return alarm.state is AlarmState.ALARM
