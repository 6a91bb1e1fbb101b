"""Works out what the alarms of a version can see, once, when its bake window has just begun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.journal.entries import Detection
from rollback_plugin.journal.journal import Journal
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.detection_reading import DetectionReader
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.versions.service import Service


@dataclass(frozen=True)
class DetectionStudy:
    """The detection power of one stack's alarms."""

    journal: Journal
    services: Callable[[int], Sequence[Service]]
    """By version."""
    alarm_source: Callable[[], AlarmSource]
    requests: RequestCounter
    clock: Callable[[], datetime]

    @property
    def due(self) -> int | None:
        """The version that the stack runs, where it has alarms and nobody said yet what they see. Not while an
        operation changes the stack, nor for a version that is judged no more: it wouldn't help anybody."""
        now = self.clock()
        status = self.journal.status(now)
        if status.applied is None or status.applied != status.newest or status.operation is not None:
            return None
        applied = status.version(status.applied)
        over = now > applied.bake_ends_at
        return None if over or applied.detection is not None or not self._alarms(applied.number) else applied.number

    def work_out(self, subject: int) -> Detection:
        """What that version's alarms see. Raises the errors of `cloud_errors`."""
        reader = DetectionReader(self.alarm_source(), self.requests)
        return Detection(
            version=subject, alarms=reader.read(self._alarms(subject), self.services(subject), self.clock())
        )

    def _alarms(self, version: int) -> tuple[str, ...]:
        deployed = self.journal.facts().deployed(version)
        return () if deployed is None else deployed.alarms
