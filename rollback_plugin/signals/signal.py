"""What the cloud says of a stack at one moment: the one thing decisions are made from, besides the journal."""

from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.journal.entries import AlarmState


@dataclass(frozen=True, slots=True)
class AlarmObservation:
    """One CloudWatch alarm, metric or composite, as `DescribeAlarms` tells it."""

    name: str
    state: AlarmState
    since: datetime
    """When it went into this state (aware, UTC)."""
    explanation: str = ""
    """CloudWatch's own words (StateReason)."""


@dataclass(frozen=True, slots=True)
class AlarmReading:
    """An alarm with what its state must be weighed by."""

    alarm: AlarmObservation
    requests: int | None = None
    """Requests to the alarm's services since the deploy, or since the rollback that is being verified.
    None: nobody counts them."""

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

    def ringing(self) -> tuple[AlarmReading, ...]:
        """The alarms in ALARM."""
        return self._in(AlarmState.ALARM)

    def without_data(self) -> tuple[AlarmReading, ...]:
        """The alarms in INSUFFICIENT_DATA."""
        return self._in(AlarmState.INSUFFICIENT_DATA)

    def _in(self, state: AlarmState) -> tuple[AlarmReading, ...]:
        return tuple(reading for reading in self.alarms if reading.state is state)
