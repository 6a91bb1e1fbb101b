"""What a service says of itself: the record that a component leaves in the checkpoint and a version keeps."""

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct, field

_Count = Annotated[int, Meta(ge=0)]


class QuietHours(Struct, frozen=True):
    """A part of every day, by the clocks of a time zone, their summer time included."""

    start: str
    """`HH:MM`."""
    end: str
    """`HH:MM`; earlier than `start`: on the next day."""
    time_zone: str
    """A name of the IANA time zone database, such as `Europe/Berlin`."""

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field and what stands there."""
        _require_time("start", self.start)
        _require_time("end", self.end)
        _require_zone("time_zone", self.time_zone)
        if self.start == self.end:
            raise ValueError("start and end are the same time; automatic_rollback: false asks at any hour")


class Policy(Struct, frozen=True):
    """How much of the work is done without a person. Times in seconds."""

    bake_seconds: _Count = 600
    """How long after a deploy an alarm counts against it."""
    bake_requests: _Count = 0
    """How many requests the service must have served, besides, before the version counts as healthy. Until then an
    alarm counts against it."""
    minimum_requests: _Count = 0
    """Fewer requests than this since the deploy: an alarm is inconclusive."""
    verify_seconds: _Count = 180
    """How long after a rollback the alarms may take to clear before the rollback counts as no help."""
    automatic_rollback: bool = True
    """False: a person is asked."""
    automatic_recovery: bool = True
    """False: a person is asked."""
    recover_after_seconds: _Count = 0
    """How long a rollback is known not to have helped before the newest version is recovered."""
    quiet_hours: QuietHours | None = None
    """When a person is asked about what would be done without one at other hours."""
    maximum_rollbacks_per_day: Annotated[int, Meta(ge=1)] | None = None
    """After so many in the last 24 hours, a person is asked."""
    without_healthy_target: Literal["hold", "unproven"] = "hold"
    """Where no older version is healthy: do nothing, or go back to the newest that nothing speaks against."""
    failed_update: Literal["hold", "roll_back"] = "hold"
    """What a `pulumi up` that failed half-way, or was interrupted, calls for."""
    priority: int = 100
    """Where several stacks that share an alarm were changed, the one with the lowest number is undone first."""


class LambdaTraffic(Struct, frozen=True):
    """Consumers call an alias of a function; moving the alias moves them."""

    function: str
    alias: str
    region: str
    version: str
    """The published function version this version of the stack points the alias to."""
    kind: Literal["lambda_alias"] = "lambda_alias"


class Service(Struct, frozen=True):
    """A service as its component declared it, with every output resolved."""

    name: str
    kind: str
    alarms: tuple[str, ...] = ()
    interface: dict[str, str] = field(default_factory=dict)
    """What consumers are promised, by name: a URL, an ARN."""
    policy: Policy = field(default_factory=Policy)
    traffic: LambdaTraffic | None = None


def _require_time(name: str, value: str) -> None:
    try:
        hours, minutes = value.split(":")
        time(int(hours), int(minutes))
    except ValueError:
        raise ValueError(f"{name} is {value!r}: it must be a time of day like 22:00") from None


def _require_zone(name: str, value: str) -> None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name} is {value!r}: no such time zone; it must be a name like Europe/Berlin or UTC"
        ) from None
