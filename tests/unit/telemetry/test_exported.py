"""What OpenTelemetry is told, read back from the SDK's in-memory exporters."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from rollback_plugin.errors import EngineFailed
from rollback_plugin.telemetry.exported import OpenTelemetry
from rollback_plugin.telemetry.interface import SILENT, Counter, Span, Timing


class Memory:
    """Telemetry with its exporters at hand."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.telemetry = OpenTelemetry(self.tracers.get_tracer("test"), self.meters.get_meter("test"))

    def points(self) -> dict[str, list[tuple[dict[str, Any], float]]]:
        """By metric, the attributes and the value (a histogram's sum) of each of its points."""
        data = self.reader.get_metrics_data()
        found: dict[str, list[tuple[dict[str, Any], float]]] = {}
        for metric in data.resource_metrics[0].scope_metrics[0].metrics if data else ():
            for point in metric.data.data_points:
                value = point.sum if hasattr(point, "sum") else point.value
                found.setdefault(metric.name, []).append((dict(point.attributes or {}), value))
        return found


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = Memory()
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()


def test_spans_nest_and_carry_their_attributes(memory: Memory) -> None:
    with memory.telemetry.span(Span.ROUND, stack="shop/dev"), memory.telemetry.span(Span.DECIDE, stack="shop/dev"):
        pass

    decide, outer = memory.spans.get_finished_spans()
    assert (decide.name, outer.name) == ("rollback.decide", "rollback.round")
    assert decide.parent is not None
    assert decide.parent.span_id == outer.context.span_id
    assert dict(outer.attributes or {}) == {"rollback.stack": "shop/dev"}


def test_a_failed_span_has_the_kind_of_the_error_and_not_its_words(memory: Memory) -> None:
    with pytest.raises(EngineFailed), memory.telemetry.span(Span.REPLAY, stack="shop/dev"):
        raise EngineFailed("the password is hunter2")

    (span,) = memory.spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "EngineFailed"
    assert span.events == ()
    assert "hunter2" not in span.to_json()


def test_counters_and_timings_add_up_by_attribute(memory: Memory) -> None:
    for reason in ("NO_ALARM", "NO_ALARM", "VERIFYING"):
        memory.telemetry.count(Counter.DECISIONS, reason=reason)
    memory.telemetry.record(Timing.ALARM_TO_FIRST_ACTION, 2.5)
    memory.telemetry.record(Timing.ALARM_TO_FIRST_ACTION, 4.0)

    assert memory.points() == {
        "rollback.decisions": [({"rollback.reason": "NO_ALARM"}, 2), ({"rollback.reason": "VERIFYING"}, 1)],
        "rollback.alarm_to_first_action": [({}, 6.5)],
    }


def test_nobody_hears_nothing_and_exceptions_pass() -> None:
    SILENT.count(Counter.ROUNDS)
    SILENT.record(Timing.ALARM_TO_FIRST_ACTION, 1.0)
    with pytest.raises(KeyError), SILENT.span(Span.ROUND):
        raise KeyError
