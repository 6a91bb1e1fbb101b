"""How a rollback or a recovery is to be carried out. Journaled with its start, so that whoever goes on after a crash
does what was asked for.

Plain dataclasses: the command's options are made of them, and `rollback --help` shall not have to import pydantic.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class DataPolicy(StrEnum):
    """What happens to data that the target version knows nothing of."""

    KEEP = "keep"
    """Data-bearing and protected resources that only the current state has stay, in the cloud and in the state;
    replacing one is refused."""
    FOLLOW = "follow"
    """Exactly what the target version's program would do."""


@dataclass(frozen=True, slots=True)
class OperationOptions:
    """What the person or the policy that asked for an operation chose."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    data: DataPolicy = DataPolicy.KEEP


DEFAULT_OPTIONS = OperationOptions()
