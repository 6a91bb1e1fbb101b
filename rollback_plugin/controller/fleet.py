"""Many stacks of one backend in one process: opened without their projects, with clients and connections shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from rollback_plugin.backend.project import store_beside
from rollback_plugin.backend.unattended import unattended_backend_url, unattended_project
from rollback_plugin.controller.connections import Connections
from rollback_plugin.controller.operated_stack import operated_stack
from rollback_plugin.controller.registry import StackRegistry
from rollback_plugin.controller.reporting import UNREPORTED, Reporting
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.stack import StackName

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Fleet:
    """The stacks of one backend."""

    environ: Mapping[str, str]
    scratch: Path
    """For the folders that the engine is run in."""
    clock: Callable[[], datetime]
    backend_url: str
    store_url: str
    patterns: tuple[str, ...] = ()
    """Which stacks are meant, as `project/stack` with `*`; none: all."""
    reporting: Reporting = UNREPORTED

    @cached_property
    def connections(self) -> Connections:
        return Connections(self.environ, self.clock)

    @classmethod
    def of_backend(
        cls,
        environ: Mapping[str, str],
        scratch: Path,
        clock: Callable[[], datetime],
        *,
        store_url: str | None = None,
        patterns: tuple[str, ...] = (),
        reporting: Reporting = UNREPORTED,
    ) -> Self:
        """The stacks of the backend in PULUMI_BACKEND_URL. Raises `NotLoggedIn`."""
        backend_url = unattended_backend_url(environ)
        return cls(environ, scratch, clock, backend_url, store_url or store_beside(backend_url), patterns, reporting)

    @cached_property
    def registry(self) -> StackRegistry:
        """Raises the errors of opening backend and store."""
        return StackRegistry(
            self.connections.backend(self.backend_url),
            self.connections.store(self.store_url),
            self.clock,
            self._serves,
        )

    def open(self, stack: StackName) -> StackController:
        """Raises as `operated_stack` does."""
        project = unattended_project(stack, self.backend_url, self.store_url, self.scratch)
        return operated_stack(
            project,
            self.environ,
            self.clock,
            connections=self.connections,
            reporting=self.reporting,
            without_project=True,
        ).watched()

    def open_new(self, known: Sequence[StackController]) -> list[StackController]:
        """The controllers of the stacks that there are now and that `known` lacks. Raises as `open` does."""
        names = {controller.stack for controller in known}
        return [self.open(stack) for stack in self.registry.listed() if stack not in names]

    def sqs(self, queue_url: str) -> SQSClient:
        """A client for a queue, in the region that its URL names.

        Raises `InvalidConfiguration` for what is no queue's URL (https://sqs.<region>.amazonaws.com/<account>/<name>,
        ImportingMessages of the SQS guide), `MissingCredentials`.
        """
        host = urlsplit(queue_url).hostname or ""
        parts = host.split(".")
        region = parts[1] if parts[0] == "sqs" and len(parts) > 3 else self.environ.get("AWS_REGION", "")
        if not host or not region:
            raise InvalidConfiguration(
                f"{queue_url} is no queue's URL, or AWS_REGION doesn't say where it is. Write "
                "https://sqs.<region>.amazonaws.com/<account>/<name>.fifo."
            )
        client: SQSClient = self.connections.clients().client("sqs", region)
        return client

    def _serves(self, stack: StackName) -> bool:
        return not self.patterns or any(fnmatchcase(str(stack), pattern) for pattern in self.patterns)
