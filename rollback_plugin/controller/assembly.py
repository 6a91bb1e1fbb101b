"""Puts together what works on one stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from rollback_plugin.backend.history import Backend
from rollback_plugin.backend.project import Project
from rollback_plugin.cloud.clients import AwsClients
from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.connections import Connections
from rollback_plugin.controller.consumers_ahead import ConsumersAhead
from rollback_plugin.controller.evidence import EvidenceSources
from rollback_plugin.controller.operate import Operator
from rollback_plugin.controller.progress import Progress
from rollback_plugin.controller.reporting import UNREPORTED, Reporting
from rollback_plugin.controller.signs_of_life import SignsOfLife
from rollback_plugin.controller.stack_channels import StackChannels
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.controller.traced import TracedReplayer, TracedRouter
from rollback_plugin.journal.journal import Journal
from rollback_plugin.notices.addresses import Channels
from rollback_plugin.recording.record import Recorder
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.aws_inquiry import AwsInquiry
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.known_plans import KnownPlans
from rollback_plugin.replay.secret_values import secret_values
from rollback_plugin.replay.source.rerun import SourceReplay
from rollback_plugin.replay.strategy import ReplayByStrategy
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.traffic.lambda_alias import LambdaAliasRouter
from rollback_plugin.versions.archive import VersionArchive

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


def utc_now() -> datetime:
    """The clock of everything that isn't a test."""
    return datetime.now(UTC)


def ignore_progress(progress: Progress) -> None:
    """For callers that show nothing."""


def assemble(
    project: Project,
    environ: Mapping[str, str],
    clock: Callable[[], datetime] = utc_now,
    on_progress: Callable[[Progress], None] = ignore_progress,
    connections: Connections | None = None,
    reporting: Reporting = UNREPORTED,
    *,
    engine: Engine | None = None,
    without_project: bool = False,
) -> StackController:
    """The controller of the project's selected stack; `connections` of `environ` are shared with other stacks, and
    `reporting` hears of what is done. `engine`: one that is at work already. `without_project`: whether `project` was
    made up from a backend and a store, so that stacks of other stores have to be left alone.

    Nothing is asked of AWS, and no AWS client made, until alarms are read or consumers moved. Raises the errors of
    opening store and backend (`InvalidConfiguration`, `UnsupportedBackend`, `StoreUnreachable`, `MissingCredentials`).
    """
    stack = project.stack
    actor = Actor.of_this_process()
    connections = connections or Connections(environ, clock)
    clock = connections.cloud_time.corrected(clock)
    store = connections.store(project.store_url)
    backend = connections.backend(project.backend_url)
    engine = engine or Engine(project, environ)
    channels = Channels(sns=lambda region: connections.clients().client("sns", region), http=connections.http)
    find_channels = StackChannels(stack, backend, engine, environ, channels)
    journal = Journal(store, stack, clock, str(actor), reporting.listener(stack, store, actor, find_channels))
    archive = VersionArchive(store, stack)
    only_kept_at = project.store_url if without_project else None
    recorder = Recorder(backend, archive, journal, store, project.root, only_kept_at)
    cloud = AwsInquiry(lambda profile: connections.clients(profile or None))
    replay = ReplayByStrategy(
        stack,
        snapshot=Replay(stack, engine, backend, archive, cloud, KnownPlans(store, stack, environ)),
        source=SourceReplay(project, engine, backend, archive, environ),
    )
    clients = _StackClients(environ, backend, project, connections)
    operator = Operator(
        stack=stack,
        journal=journal,
        archive=archive,
        backend=backend,
        recorder=recorder,
        replay=TracedReplayer(replay, stack, reporting.telemetry),
        router=TracedRouter(
            LambdaAliasRouter(lambda region: clients.get().lambda_(region)), stack, reporting.telemetry
        ),
        consumers_ahead=ConsumersAhead(stack, store, archive, backend),
        clock=clock,
        actor=actor,
        signs=SignsOfLife(store, stack, actor, clock, time.monotonic),
        on_progress=on_progress,
    )
    return StackController(
        stack=stack,
        clock=clock,
        journal=journal,
        archive=archive,
        backend=backend,
        recorder=recorder,
        replay=replay,
        operator=operator,
        alarm_source=clients.alarm_source,
        requests=RequestCounter(lambda region: clients.get().cloudwatch(region)),
        telemetry=reporting.telemetry,
        channels=find_channels,
        evidence_sources=EvidenceSources(archive.blobs, clients.logs, partial(secret_values, engine, archive)),
    )


class _StackClients:
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
        client = self.get().cloudwatch()
        account = self.get().profile or self._environ.get("AWS_PROFILE") or self._environ.get("AWS_ACCESS_KEY_ID", "")
        return AlarmSource(client, scope=f"{account} {client.meta.region_name} {client.meta.endpoint_url}")
