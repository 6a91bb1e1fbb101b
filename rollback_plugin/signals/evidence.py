"""What a judgement rested on: the kept record, as it lies in the store.

It holds names, times, numbers, CloudWatch's own words, and lines of the service's log. Lines may say anything: the
stack's own secrets are taken out of them, and nothing of it goes into the journal.
"""

from collections.abc import Collection
from datetime import datetime

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.stored import Stored

REMOVED = "[secret]"
SHORTEST_SECRET = 4
"""Anything shorter stands in most lines by chance."""


class AlarmHistoryItem(Stored, frozen=True):
    """One item of DescribeAlarmHistory."""

    at: datetime
    kind: str
    summary: str


class Value(Stored, frozen=True):
    """What the alarm compared in one period; `at` is its start."""

    at: datetime
    value: float


class LogLine(Stored, frozen=True):
    at: datetime
    stream: str
    message: str


class LogExcerpt(Stored, frozen=True):
    """Lines that the alarm's metric filter counted."""

    group: str
    pattern: str
    lines: tuple[LogLine, ...]


class AlarmEvidence(Stored, frozen=True):
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


class RequestsOfVersion(Stored, frozen=True):
    """Requests that one version of a service answered since the deploy."""

    service: str
    version: int
    """The stack's."""
    function_version: str
    requests: int


class Evidence(Stored, frozen=True):
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
