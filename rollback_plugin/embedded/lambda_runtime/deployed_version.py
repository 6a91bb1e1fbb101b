"""What the runtime has to know of a function version to run it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class DeployedVersion:
    """One version of a function, as it is deployed right now, and how it was asked for.

    `resource` is the value of the metric dimension `Resource`: "function" or "function:qualifier".
    `through_alias` says whether the qualifier was an alias.
    """

    function_name: str
    version: str
    resource: str
    through_alias: bool
    invoked_function_arn: str
    runtime: str | None
    handler: str | None
    code: bytes
    code_sha256: str
    layers: tuple[str, ...]
    environment: Mapping[str, str]
    timeout_seconds: float
    memory_megabytes: int

    @property
    def sandbox_identity(self) -> tuple[object, ...]:
        """Invocations share worker processes exactly when these are equal.

        A changed `$LATEST`, or a function deleted and made again under the same name, gets processes of its own.
        """
        return (
            self.function_name,
            self.version,
            self.code_sha256,
            self.runtime,
            self.handler,
            self.layers,
            tuple(sorted(self.environment.items())),
            self.timeout_seconds,
            self.memory_megabytes,
        )


class FunctionDirectory(Protocol):
    """Where deployed functions are looked up, anew for each request."""

    def resolve(self, function_name: str, qualifier: str | None) -> DeployedVersion | None:
        """The version to run; None when there is no such function, version or alias."""
        ...
