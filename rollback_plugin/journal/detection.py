"""What an alarm can see."""

from enum import StrEnum

from rollback_plugin.stored import Stored


class Sight(StrEnum):
    """Whether an alarm can tell that a deploy did harm. Stable tokens: they stand in the journal for years."""

    SEES = "sees"
    """A large enough share of failing requests makes it ring."""
    OUT_OF_REACH = "out_of_reach"
    """Its threshold can't be reached, or not by as many requests as come."""
    NO_DATA = "no_data"
    """CloudWatch has no data for what it watches, and had none for two weeks."""
    WRONG_DIMENSIONS = "wrong_dimensions"
    """CloudWatch has data of that name, and none under the alarm's dimensions."""
    UNKNOWN = "unknown"
    """It can't be told."""

    @property
    def blind(self) -> bool:
        """Whether the alarm can't ring as things are."""
        return self in (Sight.OUT_OF_REACH, Sight.NO_DATA, Sight.WRONG_DIMENSIONS)


class AlarmPower(Stored, frozen=True):
    """The detection power of one alarm, at the traffic there was."""

    alarm: str
    sight: Sight
    explanation: str
    """One sentence for people."""
    rise_points: float | None = None
    """The smallest rise of the share of failing requests, in percentage points, that makes it ring with 95 %
    probability; None unless it sees."""
    within_seconds: int | None = None
    """How long after the rise it rings at the latest, with that probability; None unless it sees."""
