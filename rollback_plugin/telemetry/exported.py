"""Telemetry by OpenTelemetry. Needs the extra `telemetry`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode, Tracer

from rollback_plugin.telemetry.interface import Attribute, Counter, Span, Telemetry, Timing

SCOPE = "rollback_plugin"
COLLECTOR_SECONDS = 3.0
"""How long a collector that doesn't answer is waited for, unless OTEL_EXPORTER_OTLP_TIMEOUT says otherwise."""


class OpenTelemetry:
    """Tells a tracer and a meter. Attributes get the prefix `rollback.`."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._counters = {counter: meter.create_counter(counter.value) for counter in Counter}
        self._timings = {timing: meter.create_histogram(timing.value, unit="s") for timing in Timing}

    @contextmanager
    def span(self, name: Span, **attributes: Attribute) -> Iterator[None]:
        # Of an exception only its kind: its words may be the engine's, who may say anything.
        with self._tracer.start_as_current_span(
            name.value, attributes=_named(attributes), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                span.set_attribute("error.type", type(error).__name__)
                raise

    def count(self, counter: Counter, **attributes: Attribute) -> None:
        self._counters[counter].add(1, _named(attributes))

    def record(self, timing: Timing, seconds: float, **attributes: Attribute) -> None:
        self._timings[timing].record(seconds, _named(attributes))


@contextmanager
def exporting(environ: Mapping[str, str]) -> Iterator[Telemetry]:
    """Telemetry that goes to an OTLP collector over HTTP, and is flushed at the end.

    Where it goes, and how, the SDK reads from the process' own environment, by its standard names (OTEL_…:
    https://opentelemetry.io/docs/specs/otel/protocol/exporter/). Nothing of the SDK's global state is touched.
    """
    # Given to `create`, a name would go before the environment's.
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if named else {"service.name": "rollback"})
    # At the end each is waited for, retries included.
    patience = None if environ.get("OTEL_EXPORTER_OTLP_TIMEOUT") else COLLECTOR_SECONDS
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=patience)))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(timeout=patience))
    metrics = MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)
    try:
        yield OpenTelemetry(traces.get_tracer(SCOPE), metrics.get_meter(SCOPE))
    finally:
        traces.shutdown()
        metrics.shutdown()


def _named(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {f"rollback.{name}": value for name, value in attributes.items()}
