"""Metric data as moto keeps it, read and written in process."""

from collections.abc import Iterable
from datetime import UTC

from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum, cloudwatch_backends

from rollback_plugin.embedded.telemetry import MetricSamples


class SampledDatum(MetricAggregatedDatum):
    """Several values of one metric in one second: a statistic set to moto, and still good for percentiles."""

    def __init__(self, samples: MetricSamples) -> None:
        super().__init__(
            namespace=samples.namespace,
            name=samples.name,
            min_stat=min(samples.values),
            max_stat=max(samples.values),
            sample_count=len(samples.values),
            sum_stat=sum(samples.values),
            dimensions=[{"Name": name, "Value": value} for name, value in samples.dimensions],
            timestamp=samples.timestamp.astimezone(UTC).replace(tzinfo=None),  # moto's timestamps are naive UTC
            unit=samples.unit,
        )
        self.values = samples.values


class MetricStore:
    """The metric data of one account, by region."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def put(self, region: str, samples: Iterable[MetricSamples]) -> None:
        self.backend(region).metric_data.extend(SampledDatum(sample) for sample in samples)

    def backend(self, region: str) -> CloudWatchBackend:
        backend: CloudWatchBackend = cloudwatch_backends[self._account_id][region]
        return backend
