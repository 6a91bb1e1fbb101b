"""Whose an operation in progress is: its process', for as long as that lives."""

from datetime import datetime, timedelta

from rollback_plugin.controller.actor import Actor, process_is_alive
from rollback_plugin.errors import OperationInProgress
from rollback_plugin.journal.status import Operation
from rollback_plugin.stack import StackName

ELSEWHERE_GONE_AFTER = timedelta(minutes=15)
"""A process on another machine can't be looked at: it counts as gone when its operation made no entry for so long."""


def refuse_if_owner_lives(operation: Operation, stack: StackName, me: Actor, now: datetime) -> None:
    """Raises `OperationInProgress` unless the operation is `me`'s, or its owner is gone."""
    owner = Actor.parse(operation.actor)
    if owner == me or not _lives(owner, operation, me, now):
        return
    raise OperationInProgress(
        f"{operation.actor} is in the middle of a {operation.kind} of {stack} to version {operation.target}, begun "
        f"at {operation.started_at:%Y-%m-%d %H:%M:%S} UTC. Wait for it; should that process end, whoever tries next "
        "carries on with it (from another machine, once it made no journal entry for 15 minutes)."
    )


def _lives(owner: Actor | None, operation: Operation, me: Actor, now: datetime) -> bool:
    if owner is not None and owner.host == me.host:
        return process_is_alive(owner.pid, operation.started_at)
    return now - operation.last_activity_at < ELSEWHERE_GONE_AFTER
