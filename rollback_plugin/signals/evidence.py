"""What a judgement rested on: the kept record, as it lies in the store.

It holds names, times, numbers, CloudWatch's own words, and lines of the service's log. Lines may say anything: the
stack's own secrets are taken out of them, and nothing of it goes into the journal.
"""

from collections.abc import Collection
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from rollback_plugin.journal.entries import AlarmState

REMOVED = "[secret]"
SHORTEST_SECRET = 4
"""Anything shorter stands in most lines by chance."""


class _Record(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")


class AlarmHistoryItem(_Record):
    """One item of DescribeAlarmHistory."""

    at: datetime
    kind: str
    summary: str


class Value(_Record):
    """What the alarm compared in one period; `at` is its start."""

    at: datetime
    value: float


class LogLine(_Record):
    at: datetime
    stream: str
    message: str


class LogExcerpt(_Record):
    """Lines that the alarm's metric filter counted."""

    group: str
    pattern: str
    lines: tuple[LogLine, ...]


class AlarmEvidence(_Record):
    """One alarm of the version judged."""

    alarm: str
    state: AlarmState
    since: datetime
    explanation: str
    compared_with: str = ""
    """Its threshold, in words; empty for a composite alarm."""
    because: tuple[str, ...] = ()
    history: tuple[AlarmHistoryItem, ...] = ()
    """From an hour before the deploy on, oldest first."""
    values: tuple[Value, ...] = ()
    """Likewise."""
    log: tuple[LogExcerpt, ...] = ()
    """Since the deploy began; at most 50 lines in all."""


class RequestsOfVersion(_Record):
    """Requests that one version of a service answered since the deploy."""

    service: str
    version: int
    """The stack's."""
    function_version: str
    requests: int


class Evidence(_Record):
    """What was there to be seen when a version was judged."""

    version: int
    about: int
    """Sequence of the journal entry that tells the judgement."""
    gathered_at: datetime
    alarms: tuple[AlarmEvidence, ...] = ()
    requests: tuple[RequestsOfVersion, ...] = ()
    lacking: tuple[str, ...] = ()
    """What could not be gathered, and why, as sentences."""


def without_secrets(message: str, secrets: Collection[str]) -> str:
    """The message with every known secret value taken out, the longest first: one may be part of another."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            message = message.replace(secret, REMOVED)
    return message
