"""Keeps what a judgement rested on: gathered once it is carried out, and beside the rounds, so that nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.journal.entries import (
    AlarmState,
    Asked,
    Deployed,
    Entry,
    EvidenceKept,
    Held,
    RollbackStarted,
)
from rollback_plugin.journal.journal import Journal
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.evidence import Evidence
from rollback_plugin.signals.evidence_reading import EvidenceReader
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.stored import plain
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.service import Service

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

GATHERED_WITHIN = timedelta(days=1)
"""What was judged longer ago isn't asked about any more: the stack has been through other things since."""


@dataclass(frozen=True)
class EvidenceSources:
    """What evidence takes besides the alarms and requests that every round reads."""

    blobs: BlobStore
    logs: Callable[[], CloudWatchLogsClient]
    secret_values: Callable[[int], Collection[str]]
    """The secrets of a version in plain text, in memory only. Raises errors of this package where they can't be
    opened."""


@dataclass(frozen=True)
class EvidenceStudy:
    """The evidence on one stack's judgements: rollbacks, and what was held or asked instead of one."""

    journal: Journal
    services: Callable[[int], Sequence[Service]]
    """By version."""
    alarm_source: Callable[[], AlarmSource]
    requests: RequestCounter
    sources: EvidenceSources
    clock: Callable[[], datetime]

    @property
    def due(self) -> int | None:
        """Sequence of the last judgement's entry, where nothing was kept on it yet. Not while an operation is under
        way: consumers and the stack come first."""
        now = self.clock()
        if self.journal.status(now).operation is not None:
            return None
        kept: set[int] = set()
        for entry in self.journal.newest_first():
            if now - entry.time > GATHERED_WITHIN:
                return None
            if isinstance(entry.event, EvidenceKept):
                kept.add(entry.event.about)
            elif _judged(entry) is not None:
                return None if entry.sequence in kept else entry.sequence
        return None

    def alarms_spoke_against(self, version: int) -> bool:
        """Whether, as CloudWatch says now, an alarm of a version that was rolled back rings, or rang until then.

        Raises `CloudError`s, and the errors of the alarms' account and region not being known.
        """
        began = next(entry.time for entry in self.journal.newest_first() if _undoes(entry) == version)
        alarms = self._deployed(version).alarms
        observed = self.alarm_source().read_existing(alarms).values() if alarms else ()
        return any(
            alarm.state is AlarmState.ALARM or (alarm.state is AlarmState.OK and alarm.since >= began)
            for alarm in observed
        )

    def work_out(self, subject: int) -> EvidenceKept:
        """Gather the evidence on that entry and put it into the store. Raises the store's errors, and those of the
        alarms' account and region not being known; what AWS doesn't say is said in the evidence."""
        judgement = next(entry for entry in self.journal.newest_first() if entry.sequence == subject)
        version = _judged(judgement)
        if version is None:
            raise ValueError(f"entry {subject} tells of no judgement")
        deploy = self._deployed(version)
        lacking: list[str] = []
        reader = EvidenceReader(
            source=self.alarm_source(),
            logs=self.sources.logs,
            requests=self.requests,
            began=deploy.started_at,
            now=self.clock(),
            secrets=self._secrets(version, lacking),
        )
        evidence = Evidence(
            version=version,
            about=subject,
            gathered_at=reader.now,
            alarms=reader.alarms(deploy.alarms, lacking),
            requests=reader.requests_by_version(
                {number: self.services(number) for number in _concerned(judgement, version)}, lacking
            ),
            lacking=tuple(dict.fromkeys(lacking)),
        )
        digest = self.sources.blobs.keep(canonical_json(plain(evidence)))
        return EvidenceKept(version=version, about=subject, digest=digest)

    def _deployed(self, version: int) -> Deployed:
        return self.journal.facts().versions[version].deployed

    def _secrets(self, version: int, lacking: list[str]) -> Collection[str] | None:
        try:
            return self.sources.secret_values(version)
        except RollbackPluginError as error:
            lacking.append(f"No log lines were kept, since the stack's secrets could not be taken out of them: {error}")
            return None


def _undoes(entry: Entry) -> int | None:
    return entry.event.undoes if isinstance(entry.event, RollbackStarted) else None


def _judged(entry: Entry) -> int | None:
    """The version that an entry judges; None for entries that don't."""
    match entry.event:
        case RollbackStarted(undoes=version) | Held(version=version) | Asked(version=version):
            return version
        case _:
            return None


def _concerned(entry: Entry, version: int) -> tuple[int, ...]:
    """The versions whose requests are told apart: the one judged, and the one gone back to."""
    target = entry.event.target if isinstance(entry.event, RollbackStarted | Asked) else version
    return tuple(sorted({version, target}))
