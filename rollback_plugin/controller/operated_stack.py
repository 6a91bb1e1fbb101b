"""Puts together what undoes and recovers one stack.

What only watches it is loaded when it is asked for: an operation's engine waits for what is loaded before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from rollback_plugin.backend.project import Project
from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.connections import Connections
from rollback_plugin.controller.consumers_ahead import ConsumersAhead
from rollback_plugin.controller.operate import Operator
from rollback_plugin.controller.progress import Progress
from rollback_plugin.controller.reporting import UNREPORTED, Reporting
from rollback_plugin.controller.signs_of_life import SignsOfLife
from rollback_plugin.controller.stack_clients import StackClients
from rollback_plugin.controller.traced import TracedReplayer, TracedRouter
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Status
from rollback_plugin.recording.record import Recorder
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.aws_inquiry import AwsInquiry
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.known_plans import KnownPlans
from rollback_plugin.replay.strategy import ReplayByStrategy, Way
from rollback_plugin.traffic.lambda_alias import LambdaAliasRouter
from rollback_plugin.versions.archive import VersionArchive

if TYPE_CHECKING:
    from rollback_plugin.controller.stack_channels import StackChannels
    from rollback_plugin.controller.stack_controller import StackController
    from rollback_plugin.notices.channel import Channel


def utc_now() -> datetime:
    """The clock of everything that isn't a test."""
    return datetime.now(UTC)


def ignore_progress(progress: Progress) -> None:
    """For callers that show nothing."""


@dataclass(frozen=True)
class OperatedStack:
    """A stack that can be undone and recovered."""

    operator: Operator
    watched: Callable[[], StackController]
    """Makes the stack's controller, which watches it, too."""

    def status(self) -> Status:
        """The stack as its journal tells it, now."""
        return self.operator.journal.status(self.operator.clock())


def operated_stack(
    project: Project,
    environ: Mapping[str, str],
    clock: Callable[[], datetime] = utc_now,
    on_progress: Callable[[Progress], None] = ignore_progress,
    connections: Connections | None = None,
    reporting: Reporting = UNREPORTED,
    *,
    engine: Engine | None = None,
    without_project: bool = False,
) -> OperatedStack:
    """The project's selected stack; `connections` of `environ` are shared with other stacks, and `reporting` hears of
    what is done. `engine`: one that is at work already. `without_project`: whether `project` was made up from a backend
    and a store, so that stacks of other stores have to be left alone.

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

    @cache
    def stack_channels() -> StackChannels:
        from rollback_plugin.controller.stack_channels import StackChannels
        from rollback_plugin.notices.addresses import Channels

        kinds = Channels(sns=lambda region: connections.clients().client("sns", region), http=connections.http)
        return StackChannels(stack, backend, engine.copies, environ, kinds, clock)

    def find_channels() -> Sequence[Channel]:
        return stack_channels()()

    journal = Journal(store, stack, clock, str(actor), reporting.listener(stack, store, actor, find_channels))
    archive = VersionArchive(store, stack)
    only_kept_at = project.store_url if without_project else None
    recorder = Recorder(backend, archive, journal, store, project.root, only_kept_at)

    @cache
    def by_source() -> Way:
        from rollback_plugin.replay.source.rerun import SourceReplay

        return SourceReplay(project, engine, backend, archive, environ)

    cloud = AwsInquiry(lambda profile: connections.clients(profile or None))
    replay = ReplayByStrategy(
        stack,
        snapshot=Replay(stack, engine, backend, archive, cloud, KnownPlans(store, stack, environ)),
        by_source=by_source,
    )
    clients = StackClients(environ, backend, project, connections)
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

    def watched() -> StackController:
        from rollback_plugin.controller.watched_stack import watched_stack

        return watched_stack(operator, replay, engine, clients, find_channels, reporting.telemetry)

    return OperatedStack(operator, watched)
