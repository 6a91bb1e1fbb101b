"""Reads CloudWatch alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.errors import UnknownAlarm
from rollback_plugin.journal.entries import AlarmState
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
        observed: dict[str, AlarmObservation] = {}
        for start in range(0, len(wanted), NAMES_PER_CALL):
            observed.update((alarm.name, alarm) for alarm in self._describe(wanted[start : start + NAMES_PER_CALL]))
        return observed

    def _describe(self, names: list[str]) -> Iterator[AlarmObservation]:
        with cloud_errors(f"read the CloudWatch alarm `{names[0]}` and {len(names) - 1} more"):
            answer = self.client.describe_alarms(
                AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=NAMES_PER_CALL
            )
        alarms: list[MetricAlarmTypeDef | CompositeAlarmTypeDef] = [
            *answer.get("MetricAlarms", []),
            *answer.get("CompositeAlarms", []),
        ]
        return map(observation, alarms)


def observation(alarm: MetricAlarmTypeDef | CompositeAlarmTypeDef) -> AlarmObservation:
    """What CloudWatch says of one alarm.

    `since` is StateTransitionedTimestamp, when the state last *changed*; StateUpdatedTimestamp, which also moves when
    CloudWatch only renews its words, is taken where that is absent (type MetricAlarm of the API reference).
    """
    since = alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]
    return AlarmObservation(
        name=alarm["AlarmName"],
        state=AlarmState(alarm["StateValue"]),
        since=since.astimezone(UTC),
        explanation=alarm.get("StateReason", ""),
    )


def unknown_alarms(names: list[str]) -> UnknownAlarm:
    """The error for alarms that a version names and CloudWatch doesn't know."""
    listed = ", ".join(f"`{name}`" for name in names)
    return UnknownAlarm(
        f"CloudWatch has no alarm {listed}. Check the names in the stack's services (or in config `rollback:alarms`), "
        "the account and the region; a renamed alarm is watched under its new name from the next deploy on."
    )
