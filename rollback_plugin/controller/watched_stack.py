"""Puts together what watches one stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rollback_plugin.controller.evidence import EvidenceSources
from rollback_plugin.controller.operate import Operator
from rollback_plugin.controller.ports import Replayer
from rollback_plugin.controller.stack_clients import StackClients
from rollback_plugin.controller.stack_controller import StackController
from rollback_plugin.notices.channel import Channel
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.secret_values import secret_values
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.telemetry.interface import Telemetry


def watched_stack(
    operator: Operator,
    replay: Replayer,
    engine: Engine,
    clients: StackClients,
    channels: Callable[[], Sequence[Channel]],
    telemetry: Telemetry,
) -> StackController:
    """The controller around what undoes and recovers the stack. `replay`: for plans, which aren't traced."""
    return StackController(
        stack=operator.stack,
        clock=operator.clock,
        journal=operator.journal,
        archive=operator.archive,
        backend=operator.backend,
        recorder=operator.recorder,
        replay=replay,
        operator=operator,
        alarm_source=clients.alarm_source,
        requests=RequestCounter(lambda region: clients.get().cloudwatch(region)),
        telemetry=telemetry,
        channels=channels,
        evidence_sources=EvidenceSources(
            operator.archive.blobs, clients.logs, partial(secret_values, engine.copies, operator.archive)
        ),
    )
