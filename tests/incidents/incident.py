"""An incident as the corpus has it: what was deployed, how alarms and traffic went, what people did, and the truth.

Times are whole minutes after the beginning. The corpus says what happened in the world; what the controller does
about it is its own, and what depends on that (an alarm that a version causes) follows it.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import field

from rollback_plugin.controller.decision import Action
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.signals.signal import AlarmConfiguration
from rollback_plugin.stored import Stored, fitted
from rollback_plugin.versions.service import Policy

CORPUS = Path(__file__).parent / "corpus"


class Deploy(Stored, frozen=True):
    """An update that began a minute before `at` and ended then."""

    at: int
    failed: bool = False
    destroys: bool = False


class Alarm(Stored, frozen=True):
    """An alarm's states, each from its minute on; OK before the first."""

    states: tuple[tuple[int, AlarmState], ...] = ()
    by: int | None = None
    """The version that makes it ring: without that version applied it clears, with it applied again it rings."""
    clears_after: int = 2
    """Minutes after that version went."""
    values: tuple[tuple[int, float], ...] = ()
    """What it compares, each from its minute on; empty where nobody knows. Those that a version causes go with it."""
    worse_by: int | None = None
    """The version that makes its values worse, while it rings for something else."""
    threshold: float = 5.0
    higher_is_worse: bool = True
    redefined: tuple[int, AlarmConfiguration] | None = None
    """The version whose deploy made or changed it, and which of the two."""
    muted: tuple[int, int] | None = None
    """From and until when its actions are disabled."""
    deleted: int | None = None
    claimed: tuple[int, int] | None = None
    """From and until when another stack that shares it is judged first."""


class Said(Stored, frozen=True):
    """What a person did."""

    at: int
    what: Literal["approve", "deny", "freeze", "unfreeze", "undo"]
    until: int | None = None


class Expected(Stored, frozen=True):
    """The decision at a minute."""

    at: int
    action: Action
    reason: ReasonCode
    target: int | None = None


class Incident(Stored, frozen=True, kw_only=True):
    name: str
    story: str
    source: str | None = None
    """Where the pattern was published."""
    cause: int | None = None
    """The truth: the version whose deploy made the service ill; None: no deploy did."""
    rules_are_wrong: str | None = None
    """Why what the rules do here isn't what one would want; None where it is."""
    deploys: tuple[Deploy, ...]
    """Version 1, 2, …"""
    alarms: dict[str, Alarm] = field(default_factory=dict)
    requests_per_minute: tuple[tuple[int, int], ...] = ((0, 600),)
    policy: Policy = Policy()
    said: tuple[Said, ...] = ()
    until: int = 0
    """The last minute to look at; at least that of the last expectation."""
    expect: tuple[Expected, ...]

    def __str__(self) -> str:
        return self.name


def incidents() -> Iterator[Incident]:
    """The corpus, file by file."""
    for path in sorted(CORPUS.glob("*.toml")):
        for document in tomllib.loads(path.read_text())["incident"]:
            yield fitted(document, Incident)
