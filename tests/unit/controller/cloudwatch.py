"""A double of CloudWatch's client: alarms that are in the state a test puts them in, and one request count."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.requests import RequestCounter

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


@dataclass
class CloudWatch:
    alarms: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: float = 100.0
    asked_for: list[list[str]] = field(default_factory=list)
    fails_with: Exception | None = None

    def put(self, name: str, state: AlarmState, since: datetime) -> None:
        self.alarms[name] = {
            "AlarmName": name,
            "StateValue": state.value,
            "StateTransitionedTimestamp": since,
            "StateReason": "because",
        }

    @property
    def client(self) -> "CloudWatchClient":
        return cast("CloudWatchClient", self)

    def source(self) -> AlarmSource:
        return AlarmSource(self.client, scope="one account")

    def counter(self) -> RequestCounter:
        return RequestCounter(lambda region: self.client)

    def describe_alarms(self, *, AlarmNames: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803
        if self.fails_with is not None:
            raise self.fails_with
        self.asked_for.append(AlarmNames)
        return {"MetricAlarms": [self.alarms[name] for name in AlarmNames if name in self.alarms]}

    def get_paginator(self, operation: str) -> "CloudWatch":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"MetricDataResults": [{"Values": [self.requests]}]}
