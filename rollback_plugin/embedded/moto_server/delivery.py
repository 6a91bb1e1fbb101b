"""Delivers the runtime's telemetry into moto's CloudWatch and CloudWatch Logs."""

from collections.abc import Sequence

from moto.logs.models import LogsBackend, logs_backends

from rollback_plugin.embedded.moto_server.metrics import MetricStore
from rollback_plugin.embedded.telemetry import LogEvent, MetricSamples


class MotoCloudWatch:
    """A CloudWatchSink for one account and region."""

    def __init__(self, account_id: str, region: str, metrics: MetricStore) -> None:
        self._account_id = account_id
        self._region = region
        self._metrics = metrics

    def put_samples(self, samples: Sequence[MetricSamples]) -> None:
        self._metrics.put(self._region, samples)

    def put_log_events(self, group: str, stream: str, events: Sequence[LogEvent]) -> None:
        backend: LogsBackend = logs_backends[self._account_id][self._region]
        backend.ensure_log_group(group)
        backend.ensure_log_stream(group, stream)
        backend.put_log_events(
            group,
            stream,
            [{"timestamp": int(event.timestamp.timestamp() * 1000), "message": event.message} for event in events],
        )
