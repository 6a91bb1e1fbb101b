"""Reads CloudWatch alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.errors import UnknownAlarm
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.composite import alarms_that_ring_it
from rollback_plugin.signals.definition import AlarmDefinition, definition_of
from rollback_plugin.signals.signal import AlarmObservation

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import CompositeAlarmTypeDef, MetricAlarmTypeDef

NAMES_PER_CALL = 100
"""DescribeAlarms takes at most 100 names and gives at most 100 records a call
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html)."""


@dataclass(frozen=True)
class AlarmSource:
    """The alarms of one account and region."""

    client: CloudWatchClient
    scope: str = ""
    """Account, region and endpoint in one word: sources of the same scope read the same alarms."""

    def read(self, names: Sequence[str]) -> tuple[AlarmObservation, ...]:
        """The alarms of these names, each once, in the order of the names.

        Metric and composite alarms alike: without `AlarmTypes` CloudWatch answers with metric alarms only, so both are
        asked for. Raises `UnknownAlarm` naming every one that doesn't exist, and the errors of `cloud_errors`.
        """
        observed = self.read_existing(names)
        unknown = [name for name in dict.fromkeys(names) if name not in observed]
        if unknown:
            raise unknown_alarms(unknown)
        return tuple(observed[name] for name in dict.fromkeys(names))

    def read_existing(self, names: Sequence[str]) -> dict[str, AlarmObservation]:
        """Like `read`, by name, and without those that don't exist."""
        wanted = list(dict.fromkeys(names))
        alarms: dict[str, AlarmObservation] = {}
        rung_by: dict[str, tuple[str, ...]] = {}
        asking, asked = wanted, set(wanted)
        # A composite alarm may rest on composite alarms; each level is one more sweep, and a circle of them ends here.
        while asking:
            metric, composite = self._describe(asking)
            alarms.update((alarm["AlarmName"], observation(alarm, definition_of(alarm))) for alarm in metric)
            alarms.update((alarm["AlarmName"], observation(alarm)) for alarm in composite)
            rules = {alarm["AlarmName"]: alarms_that_ring_it(alarm.get("AlarmRule", "")) for alarm in composite}
            rung_by.update(rules)
            children = dict.fromkeys(child for causes in rules.values() for child in causes)
            asking = [child for child in children if child not in asked]
            asked.update(asking)
        return {name: _as_old_as_its_causes(alarms[name], alarms, rung_by) for name in wanted if name in alarms}

    def _describe(self, names: Sequence[str]) -> tuple[list[MetricAlarmTypeDef], list[CompositeAlarmTypeDef]]:
        metric: list[MetricAlarmTypeDef] = []
        composite: list[CompositeAlarmTypeDef] = []
        for start in range(0, len(names), NAMES_PER_CALL):
            batch = list(names[start : start + NAMES_PER_CALL])
            with cloud_errors(f"read the CloudWatch alarm `{batch[0]}` and {len(batch) - 1} more"):
                answer = self.client.describe_alarms(
                    AlarmNames=batch, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=NAMES_PER_CALL
                )
            metric += answer.get("MetricAlarms", [])
            composite += answer.get("CompositeAlarms", [])
        return metric, composite


def _as_old_as_its_causes(
    alarm: AlarmObservation, alarms: Mapping[str, AlarmObservation], rung_by: Mapping[str, tuple[str, ...]]
) -> AlarmObservation:
    if alarm.state is not AlarmState.ALARM or alarm.name not in rung_by:
        return alarm
    causes = _causes(alarm.name, alarms, rung_by, frozenset())
    if not causes:
        return alarm
    newest = max(cause.since for cause in causes)
    return replace(alarm, since=newest, because=tuple(dict.fromkeys(cause.name for cause in causes)))


def _causes(
    name: str,
    alarms: Mapping[str, AlarmObservation],
    rung_by: Mapping[str, tuple[str, ...]],
    above: frozenset[str],
) -> list[AlarmObservation]:
    """The metric alarms in ALARM, at whatever depth, that make the composite ring."""
    causes: list[AlarmObservation] = []
    for child in rung_by[name]:
        found = alarms.get(child)
        if found is None or found.state is not AlarmState.ALARM or child in above:
            continue
        causes += _causes(child, alarms, rung_by, above | {name}) if child in rung_by else [found]
    return causes


def observation(
    alarm: MetricAlarmTypeDef | CompositeAlarmTypeDef, definition: AlarmDefinition | None = None
) -> AlarmObservation:
    """What CloudWatch says of one alarm; of a composite one, without what makes it ring.

    `since` is StateTransitionedTimestamp, when the state last *changed*; StateUpdatedTimestamp, which also moves when
    CloudWatch only renews its words, is taken where that is absent (type MetricAlarm of the API reference).
    """
    since = alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]
    configured = alarm.get("AlarmConfigurationUpdatedTimestamp")
    return AlarmObservation(
        name=alarm["AlarmName"],
        state=AlarmState(alarm["StateValue"]),
        since=since.astimezone(UTC),
        explanation=alarm.get("StateReason", ""),
        actions_enabled=alarm.get("ActionsEnabled", True),
        configured_at=None if configured is None else configured.astimezone(UTC),
        definition=definition,
    )


def unknown_alarms(names: list[str]) -> UnknownAlarm:
    """The error for alarms that a version names and CloudWatch doesn't know."""
    listed = ", ".join(f"`{name}`" for name in names)
    return UnknownAlarm(
        f"CloudWatch has no alarm {listed}. Check the names in the stack's services (or in config `rollback:alarms`), "
        "the account and the region; a renamed alarm is watched under its new name from the next deploy on."
    )
