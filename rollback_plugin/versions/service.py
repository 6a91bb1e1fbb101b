"""What a service says of itself: the record that a component leaves in the checkpoint and a version keeps."""

from datetime import time
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class _Record(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True, extra="ignore")


class QuietHours(_Record):
    """A part of every day, by the clocks of a time zone, their summer time included."""

    start: str
    """`HH:MM`."""
    end: str
    """`HH:MM`; earlier than `start`: on the next day."""
    time_zone: str
    """A name of the IANA time zone database, such as `Europe/Berlin`."""

    @field_validator("start", "end")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        try:
            hours, minutes = value.split(":")
            time(int(hours), int(minutes))
        except ValueError:
            raise ValueError("it must be a time of day like 22:00") from None
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone; it must be a name like Europe/Berlin or UTC") from None
        return value

    @model_validator(mode="after")
    def _has_a_length(self) -> "QuietHours":
        if self.start == self.end:
            raise ValueError("start and end are the same time; automatic_rollback: false asks at any hour")
        return self


class Policy(_Record):
    """How much of the work is done without a person. Times in seconds."""

    bake_seconds: int = Field(default=600, ge=0)
    """How long after a deploy an alarm counts against it."""
    bake_requests: int = Field(default=0, ge=0)
    """How many requests the service must have served, besides, before the version counts as healthy. Until then an
    alarm counts against it."""
    minimum_requests: int = Field(default=0, ge=0)
    """Fewer requests than this since the deploy: an alarm is inconclusive."""
    verify_seconds: int = Field(default=180, ge=0)
    """How long after a rollback the alarms may take to clear before the rollback counts as no help."""
    automatic_rollback: bool = True
    """False: a person is asked."""
    automatic_recovery: bool = True
    """False: a person is asked."""
    recover_after_seconds: int = Field(default=0, ge=0)
    """How long a rollback is known not to have helped before the newest version is recovered."""
    quiet_hours: QuietHours | None = None
    """When a person is asked about what would be done without one at other hours."""
    maximum_rollbacks_per_day: int | None = Field(default=None, ge=1)
    """After so many in the last 24 hours, a person is asked."""
    without_healthy_target: Literal["hold", "unproven"] = "hold"
    """Where no older version is healthy: do nothing, or go back to the newest that nothing speaks against."""
    failed_update: Literal["hold", "roll_back"] = "hold"
    """What a `pulumi up` that failed half-way, or was interrupted, calls for."""
    priority: int = 100
    """Where several stacks that share an alarm were changed, the one with the lowest number is undone first."""


class LambdaTraffic(_Record):
    """Consumers call an alias of a function; moving the alias moves them."""

    kind: Literal["lambda_alias"] = "lambda_alias"
    function: str
    alias: str
    region: str
    version: str
    """The published function version this version of the stack points the alias to."""


class Service(_Record):
    """A service as its component declared it, with every output resolved."""

    name: str
    kind: str
    alarms: tuple[str, ...] = ()
    interface: dict[str, str] = Field(default_factory=dict)
    """What consumers are promised, by name: a URL, an ARN."""
    policy: Policy = Field(default_factory=Policy)
    traffic: LambdaTraffic | None = None
