"""Which telemetry a process has, by its environment."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rollback_plugin.telemetry.interface import SILENT, Telemetry

_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


@contextmanager
def telemetry_of(environ: Mapping[str, str], warn: Callable[[str], None]) -> Iterator[Telemetry]:
    """To the collector that OTEL_EXPORTER_OTLP_ENDPOINT (or its kin for traces and metrics) names; silent where none
    is, or OTEL_SDK_DISABLED is `true`. Without the extra that is said to `warn`, and nothing else is hindered."""
    wanted = any(environ.get(name) for name in _ENDPOINTS)
    if not wanted or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        yield SILENT
        return
    try:
        from rollback_plugin.telemetry.exported import exporting
    except ImportError as error:
        warn(
            f"The environment names an OpenTelemetry collector, and {error.name} is not installed, so nothing is sent "
            "there. Install it with: pip install 'rollback-plugin[telemetry]'."
        )
        yield SILENT
        return
    with exporting(environ) as telemetry:
        yield telemetry
