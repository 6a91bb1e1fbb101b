"""Telemetry is there where the environment asks for it, and costs nothing where it doesn't."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from rollback_plugin.telemetry.chosen import telemetry_of
from rollback_plugin.telemetry.interface import SILENT, Counter, Span


def no_warning(words: str) -> None:
    pytest.fail(words)


@pytest.mark.parametrize(
    "environ", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}]
)
def test_without_a_collector_it_is_silent(environ: dict[str, str]) -> None:
    with telemetry_of(environ, no_warning) as telemetry:
        assert telemetry is SILENT


def test_without_a_collector_no_opentelemetry_is_imported() -> None:
    program = (
        "import sys\nfrom rollback_plugin.telemetry.chosen import telemetry_of\n"
        "with telemetry_of({}, print):\n    print('opentelemetry' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"


def test_without_the_extra_a_warning_names_it_and_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.metric_exporter", None)
    monkeypatch.delitem(sys.modules, "rollback_plugin.telemetry.exported", raising=False)
    warnings: list[str] = []

    with telemetry_of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, warnings.append) as telemetry:
        assert telemetry is SILENT

    assert "rollback-plugin[telemetry]" in warnings[0]


@pytest.mark.embedded
def test_a_collector_gets_what_was_told_by_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as (url, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        with telemetry_of({"OTEL_EXPORTER_OTLP_ENDPOINT": url}, no_warning) as telemetry:
            with telemetry.span(Span.ROUND, stack="shop/dev"):
                pass
            telemetry.count(Counter.ROUNDS, outcome="WAIT")

    (traces,) = [ExportTraceServiceRequest.FromString(body) for path, body in received if path == "/v1/traces"]
    (metrics,) = [ExportMetricsServiceRequest.FromString(body) for path, body in received if path == "/v1/metrics"]
    assert traces.resource_spans[0].scope_spans[0].spans[0].name == "rollback.round"
    assert metrics.resource_metrics[0].scope_metrics[0].metrics[0].name == "rollback.rounds"
    names = {item.key: item.value.string_value for item in traces.resource_spans[0].resource.attributes}
    assert names["service.name"] == "rollback"


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that takes whatever is posted to it."""
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            serving.join()
