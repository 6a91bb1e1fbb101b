"""The AWS clients of one stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rollback_plugin.backend.history import Backend
from rollback_plugin.backend.project import Project
from rollback_plugin.cloud.clients import AwsClients
from rollback_plugin.controller.connections import Connections

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

    from rollback_plugin.signals.alarms import AlarmSource


class StackClients:
    """AWS clients as the stack's own config wants them, once somebody needs them."""

    def __init__(
        self, environ: Mapping[str, str], backend: Backend, project: Project, connections: Connections
    ) -> None:
        self._environ = environ
        self._backend = backend
        self._project = project
        self._connections = connections
        self._clients: AwsClients | None = None

    def get(self) -> AwsClients:
        """Raises the backend's errors."""
        if self._clients is None:
            updates = self._backend.updates(self._project.stack)
            config = updates[-1].config if updates else {}
            # The provider of the stack's resources reads these; its alarms lie where it made them.
            self._clients = self._connections.clients(
                profile=config["aws:profile"].value if "aws:profile" in config else None,
                default_region=config["aws:region"].value if "aws:region" in config else None,
            )
        return self._clients

    def logs(self) -> CloudWatchLogsClient:
        """Of the region that the alarms lie in. Raises as `AwsClients.cloudwatch` does."""
        client: CloudWatchLogsClient = self.get().client("logs", self.get().cloudwatch().meta.region_name)
        return client

    def alarm_source(self) -> AlarmSource:
        """For the alarms of the stack. Raises as `AwsClients.cloudwatch` does."""
        # Imported late: an operation reads no alarms.
        from rollback_plugin.signals.alarms import AlarmSource

        client = self.get().cloudwatch()
        account = self.get().profile or self._environ.get("AWS_PROFILE") or self._environ.get("AWS_ACCESS_KEY_ID", "")
        return AlarmSource(client, scope=f"{account} {client.meta.region_name} {client.meta.endpoint_url}")
