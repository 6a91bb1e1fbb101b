from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rollback_plugin.embedded.telemetry import (
    InvocationRecord,
    LogEvent,
    MetricSamples,
    Telemetry,
    lambda_metrics,
)

NOW = datetime(2026, 3, 1, 12, 0, 30, 250_000, tzinfo=UTC)


def invocation(
    failed: bool = False, duration_milliseconds: float = 2.0, through_alias: bool = True
) -> InvocationRecord:
    return InvocationRecord(
        function_name="orders",
        resource="orders:live" if through_alias else "orders:3",
        through_alias=through_alias,
        executed_version="3",
        invoked_at=NOW,
        duration_milliseconds=duration_milliseconds,
        failed=failed,
    )


def by_name(samples: Sequence[MetricSamples], *dimensions: tuple[str, str]) -> dict[str, tuple[float, ...]]:
    return {sample.name: sample.values for sample in samples if sample.dimensions == dimensions}


def test_each_invocation_is_one_sample_of_each_metric() -> None:
    samples = lambda_metrics([invocation(), invocation(failed=True, duration_milliseconds=9.0)])

    assert by_name(samples, ("FunctionName", "orders")) == {
        "Invocations": (1.0, 1.0),
        "Errors": (0.0, 1.0),
        "Duration": (2.0, 9.0),
    }
    assert {(sample.namespace, sample.timestamp) for sample in samples} == {("AWS/Lambda", NOW.replace(microsecond=0))}
    assert {sample.name: sample.unit for sample in samples} == {
        "Invocations": "Count",
        "Errors": "Count",
        "Duration": "Milliseconds",
    }


def test_invocations_through_an_alias_are_published_by_alias_and_executed_version() -> None:
    function, resource = ("FunctionName", "orders"), ("Resource", "orders:live")

    sets = {sample.dimensions for sample in lambda_metrics([invocation()])}

    assert sets == {(), (function,), (function, resource), (function, resource, ("ExecutedVersion", "3"))}


def test_invocations_of_a_version_have_no_executed_version() -> None:
    function = ("FunctionName", "orders")

    sets = {sample.dimensions for sample in lambda_metrics([invocation(through_alias=False)])}

    assert sets == {(), (function,), (function, ("Resource", "orders:3"))}


class RecordingSink:
    def __init__(self) -> None:
        self.samples: list[MetricSamples] = []
        self.logs: list[tuple[str, str, list[str]]] = []

    def put_samples(self, samples: Sequence[MetricSamples]) -> None:
        self.samples += samples

    def put_log_events(self, group: str, stream: str, events: Sequence[LogEvent]) -> None:
        self.logs.append((group, stream, [event.message for event in events]))


def test_nothing_reaches_the_sink_before_the_flush_and_everything_once_with_it() -> None:
    sink = RecordingSink()
    telemetry = Telemetry(sink)
    telemetry.record_invocation(invocation())
    telemetry.record_log("group", "stream", LogEvent(NOW + timedelta(seconds=1), "later"))
    telemetry.record_log("group", "stream", LogEvent(NOW, "earlier"))
    assert (sink.samples, sink.logs) == ([], [])

    telemetry.flush()
    telemetry.flush()

    assert sink.logs == [("group", "stream", ["earlier", "later"])]
    assert len(sink.samples) == 12
