"""How right the rules are about the corpus: whether the version they condemn is the one that was the cause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rollback_plugin.controller.decision import Action
from rollback_plugin.journal.entries import ReasonCode, Recovered
from tests.incidents.incident import Incident
from tests.incidents.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """One incident, judged against its label."""

    incident: Incident
    condemned: frozenset[int]
    """Versions that the rules wanted to roll back, at once or after asking, without a person having the idea."""
    recovered: frozenset[int]
    """Those of them that were applied again because that had not helped."""

    @property
    def caught(self) -> bool:
        """The deploy was the cause, and is condemned."""
        return self.incident.cause in self.condemned

    @property
    def missed(self) -> bool:
        return self.incident.cause is not None and not self.caught

    @property
    def blamed(self) -> frozenset[int]:
        """Versions condemned wrongly."""
        return self.condemned - {self.incident.cause}


@dataclass(frozen=True, slots=True)
class Score:
    outcomes: Sequence[Outcome]

    @property
    def caught(self) -> int:
        return sum(outcome.caught for outcome in self.outcomes)

    @property
    def missed(self) -> int:
        return sum(outcome.missed for outcome in self.outcomes)

    @property
    def blamed(self) -> int:
        return sum(len(outcome.blamed) for outcome in self.outcomes)

    @property
    def brought_back(self) -> int:
        """Of those condemned wrongly, how many the controller recovered by itself."""
        return sum(len(outcome.blamed & outcome.recovered) for outcome in self.outcomes)

    @property
    def precision(self) -> float:
        """Of the versions condemned, the share that was the cause."""
        return self.caught / (self.caught + self.blamed)

    @property
    def recall(self) -> float:
        """Of the deploys that were the cause, the share that was condemned."""
        return self.caught / (self.caught + self.missed)


def outcome(world: World) -> Outcome:
    """Of an incident that was run."""
    wanted = [decision.wanted or decision for decision in world.decisions.values()]
    return Outcome(
        world.incident,
        frozenset(
            decision.version
            for decision in wanted
            if decision.action is Action.ROLL_BACK
            and decision.version is not None
            and decision.reason is not ReasonCode.REQUESTED
        ),
        frozenset(entry.event.target for entry in world.entries if isinstance(entry.event, Recovered)),
    )


def score(worlds: Iterable[World]) -> Score:
    return Score([outcome(world) for world in worlds])
