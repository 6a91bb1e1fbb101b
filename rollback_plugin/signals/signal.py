"""What the cloud says of a stack at one moment: the one thing decisions are made from, besides the journal."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.definition import AlarmDefinition


@dataclass(frozen=True, slots=True)
class AlarmObservation:
    """One CloudWatch alarm, metric or composite, as `DescribeAlarms` tells it."""

    name: str
    state: AlarmState
    since: datetime
    """When it went into this state (aware, UTC). A composite alarm in ALARM is as old as the newest of the alarms that
    make it ring: one that begins to ring while the composite does already is news, and one that only came to light
    because another no longer hides it is not."""
    explanation: str = ""
    """CloudWatch's own words (StateReason)."""
    because: tuple[str, ...] = ()
    """Of a composite alarm in ALARM: the metric alarms in ALARM that make it ring."""
    actions_enabled: bool = True
    """False: people have muted it (ActionsEnabled)."""
    configured_at: datetime | None = None
    """When its configuration was last written (AlarmConfigurationUpdatedTimestamp)."""
    definition: AlarmDefinition | None = None
    """None for a composite alarm."""


class AlarmConfiguration(StrEnum):
    """What the deploy that is judged did to an alarm."""

    UNCHANGED = "unchanged"
    CREATED = "created"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an alarm compares, around a deploy: one value per period, oldest first."""

    before: tuple[float, ...]
    """Periods that ended before the update began, of the hour before it."""
    since: tuple[float, ...]
    """Periods that began after the update had ended, and are over."""
    higher_is_worse: bool
    threshold: float
    """At which the alarm rings."""


@dataclass(frozen=True, slots=True)
class AlarmReading:
    """An alarm with what its state must be weighed by."""

    alarm: AlarmObservation
    requests: int | None = None
    """Requests to the alarm's services since the deploy, or since the rollback that is being verified.
    None: nobody counts them."""
    configuration: AlarmConfiguration = AlarmConfiguration.UNCHANGED
    """What the newest version's deploy did to it."""
    baseline: Baseline | None = None
    """Of an alarm in ALARM that rang before the newest version's deploy began; None for others, and where CloudWatch
    couldn't say."""
    claimed_by: str | None = None
    """Another stack that shares the alarm, and is judged by it first; None: it is this stack's turn."""

    @property
    def name(self) -> str:
        return self.alarm.name

    @property
    def state(self) -> AlarmState:
        return self.alarm.state


@dataclass(frozen=True, slots=True)
class Signal:
    """Every alarm of a stack, read at one moment.

    Whatever wakes the controller (a tick, an event, a person), it reads the alarms itself and decides on this:
    a message is a hint, never a proof.
    """

    alarms: tuple[AlarmReading, ...] = ()
    deleted: tuple[str, ...] = ()
    """Alarms that the stack names and CloudWatch doesn't know."""

    def claimed(self, by: Mapping[str, str]) -> "Signal":
        """The same, with the alarms that another stack is judged by first marked with that stack's name."""
        return replace(self, alarms=tuple(replace(alarm, claimed_by=by.get(alarm.name)) for alarm in self.alarms))

    def ringing(self) -> tuple[AlarmReading, ...]:
        """The alarms in ALARM."""
        return self._in(AlarmState.ALARM)

    def without_data(self) -> tuple[AlarmReading, ...]:
        """The alarms in INSUFFICIENT_DATA."""
        return self._in(AlarmState.INSUFFICIENT_DATA)

    def _in(self, state: AlarmState) -> tuple[AlarmReading, ...]:
        return tuple(reading for reading in self.alarms if reading.state is state)
