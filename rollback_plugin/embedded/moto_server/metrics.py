"""Metric data as moto keeps it, read and written in process."""

from collections.abc import Iterable
from datetime import UTC

from moto.cloudwatch.models import (
    CloudWatchBackend,
    MetricAggregatedDatum,
    MetricDatum,
    MetricDatumBase,
    cloudwatch_backends,
)

from rollback_plugin.embedded.cloudwatch.statistics import Sample, single_value
from rollback_plugin.embedded.telemetry import Dimensions, MetricSamples


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
        backend: CloudWatchBackend = cloudwatch_backends[self._account_id][region]
        backend.metric_data.extend([SampledDatum(sample) for sample in samples])

    def backends(self) -> list[CloudWatchBackend]:
        """Those of the regions in use."""
        return list(cloudwatch_backends[self._account_id].values())

    def samples(
        self, backend: CloudWatchBackend, namespace: str, name: str, dimensions: Dimensions, unit: str | None
    ) -> list[Sample]:
        """A metric's data. `dimensions` are sorted by name, and all there are: CloudWatch does not aggregate over
        dimensions (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html)."""
        return [
            _sample(datum)
            for datum in list(backend.metric_data)
            if datum.name == name
            and datum.namespace == namespace
            and (unit is None or datum.unit == unit)
            and tuple(sorted((str(dimension.name), str(dimension.value)) for dimension in datum.dimensions))
            == dimensions
        ]


def _sample(datum: MetricDatumBase) -> Sample:
    timestamp = datum.timestamp.replace(tzinfo=UTC)
    if isinstance(datum, MetricDatum):
        return single_value(timestamp, datum.value)
    if isinstance(datum, SampledDatum):
        return Sample(timestamp, datum.min, datum.max, datum.sum, datum.sample_count, datum.values)
    if isinstance(datum, MetricAggregatedDatum):
        return Sample(timestamp, datum.min, datum.max, datum.sum, datum.sample_count, None)
    raise TypeError(f"metric datum of unknown kind {type(datum).__name__}")
