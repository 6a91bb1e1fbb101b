"""Weighs each alarm of a stack: by the requests that came, by what the deploy did to it, and by how it was before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.errors import CloudError
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.status import Status, VersionStatus
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.baseline import BEFORE, baseline
from rollback_plugin.signals.configuration import configuration_by_deploy
from rollback_plugin.signals.metric_data import compared_values
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.signals.signal import AlarmConfiguration, AlarmObservation, AlarmReading, Baseline, Signal
from rollback_plugin.versions.service import Service


@dataclass(frozen=True, slots=True)
class Weighing:
    """One stack at one moment. CloudWatch is asked only for what a decision on an alarm's state may rest on."""

    status: Status
    named_first: Mapping[str, int]
    """By alarm, the first version that named it."""
    services: Sequence[Service]
    """Of the newest version."""
    requests: RequestCounter
    alarm_source: Callable[[], AlarmSource]
    now: datetime

    def signal(self, watched: Sequence[str], observed: Mapping[str, AlarmObservation]) -> Signal:
        """The watched alarms, weighed; those that CloudWatch doesn't know are `deleted`. Raises `CloudError`s where
        requests can't be counted."""
        return Signal(
            alarms=tuple(self._reading(observed[name]) for name in watched if name in observed),
            deleted=tuple(name for name in watched if name not in observed),
        )

    def _reading(self, alarm: AlarmObservation) -> AlarmReading:
        configuration = self._configuration(alarm)
        return AlarmReading(alarm, self._requests(alarm), configuration, self._baseline(alarm, configuration))

    @property
    def _newest(self) -> VersionStatus | None:
        return None if self.status.newest is None else self.status.version(self.status.newest)

    def _requests(self, alarm: AlarmObservation) -> int | None:
        """Requests to the alarm's services since what it is judged for; not asked for where no decision needs them."""
        if self._newest is None or alarm.state is AlarmState.OK:
            return None
        verifying = self.status.verifying
        start = verifying.last_activity_at if verifying else self._newest.deployed_at
        meant = {alarm.name, *alarm.because}
        counted = [
            self.requests.since(service, start, self.now)
            for service in self.services
            if not meant.isdisjoint(service.alarms)
        ]
        known = [count for count in counted if count is not None]
        return sum(known) if known else None

    def _configuration(self, alarm: AlarmObservation) -> AlarmConfiguration:
        newest = self._newest
        if newest is None:
            return AlarmConfiguration.UNCHANGED
        known_before = self.named_first.get(alarm.name, newest.number) < newest.number
        return configuration_by_deploy(alarm, newest.started_at, newest.deployed_at, known_before)

    def _baseline(self, alarm: AlarmObservation, configuration: AlarmConfiguration) -> Baseline | None:
        compared = self._compared_times(alarm, configuration)
        if compared is None or alarm.definition is None:
            return None
        began, ended = compared
        try:
            points = compared_values(self.alarm_source().client, alarm.definition, began - BEFORE, self.now)
        except CloudError:
            # That an alarm rings is known all the same, and is not to go unheard for what can't be said beside it.
            return None
        return baseline(alarm.definition, points, began, ended, self.now)

    def _compared_times(
        self, alarm: AlarmObservation, configuration: AlarmConfiguration
    ) -> tuple[datetime, datetime] | None:
        """When what the alarm is judged for began and ended: the deploy, or, where a rollback is verified, everything
        from the deploy that it undid to its own end. None where no decision compares before and after."""
        newest, verifying = self._newest, self.status.verifying
        if newest is None or alarm.state is not AlarmState.ALARM:
            return None
        if verifying is not None:
            judged = alarm.name in verifying.alarms and verifying.undoes is not None
            undone = self.status.version(verifying.undoes) if judged and verifying.undoes is not None else None
            return None if undone is None else (undone.started_at, verifying.last_activity_at)
        rang_before = alarm.since <= newest.started_at
        touched = configuration is not AlarmConfiguration.UNCHANGED
        in_charge = self.status.applied == newest.number and not self.status.recovered
        if not (rang_before or touched) or not in_charge or self.now > newest.bake_ends_at:
            return None
        return newest.started_at, newest.deployed_at
