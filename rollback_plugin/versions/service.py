"""What a service says of itself: the record that a component leaves in the checkpoint and a version keeps."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Policy(_Record):
    """How much of the work is done without a person. Times in seconds."""

    bake_seconds: int = Field(default=600, ge=0)
    """How long after a deploy an alarm counts against it."""
    minimum_requests: int = Field(default=0, ge=0)
    """Fewer requests than this since the deploy: an alarm is inconclusive."""
    verify_seconds: int = Field(default=180, ge=0)
    """How long after a rollback the alarms may take to clear before the rollback counts as no help."""
    automatic_rollback: bool = True
    automatic_recovery: bool = True


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
    policy: Policy = Policy()
    traffic: LambdaTraffic | None = None
