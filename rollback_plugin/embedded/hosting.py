"""Puts the parts of the embedded AWS together in one process and keeps them going."""

import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer

from rollback_plugin.embedded.lambda_runtime.front import LambdaFront
from rollback_plugin.embedded.lambda_runtime.runtime import LambdaRuntime
from rollback_plugin.embedded.moto_server import (
    alarm_states,
    event_delivery,
    functions,
    log_filters,
    metric_data,
    schedules,
)
from rollback_plugin.embedded.moto_server.alarm_evaluator import AlarmEvaluator
from rollback_plugin.embedded.moto_server.delivery import MotoCloudWatch
from rollback_plugin.embedded.moto_server.functions import MotoFunctionDirectory
from rollback_plugin.embedded.moto_server.log_filters import LogFilters
from rollback_plugin.embedded.moto_server.metrics import MetricStore
from rollback_plugin.embedded.moto_server.schedules import Schedules
from rollback_plugin.embedded.server_settings import ACCOUNT_ID, ServerAddresses, ServerSettings
from rollback_plugin.embedded.telemetry import Telemetry

_CONCURRENCY_PER_VERSION = 4


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Hosting:
    """The moto server, the Lambda front and what runs at intervals."""

    def __init__(self, settings: ServerSettings) -> None:
        default_user_config["iam"] = {"load_aws_managed_policies": True}
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self._endpoint_url = f"http://{host}:{port}"

        metrics = MetricStore(ACCOUNT_ID)
        self._telemetry = Telemetry(MotoCloudWatch(ACCOUNT_ID, settings.region, metrics))
        code_folder = Path(settings.scratch_folder) / "functions"
        code_folder.mkdir()
        self._runtime = LambdaRuntime(
            MotoFunctionDirectory(ACCOUNT_ID, settings.region),
            self._telemetry,
            code_folder,
            {**settings.function_environment, "AWS_ENDPOINT_URL": self._endpoint_url},
            _utc_now,
            _CONCURRENCY_PER_VERSION,
        )
        functions.install(self._runtime)
        self._front = LambdaFront(self._runtime, ACCOUNT_ID, _utc_now)

        self._delivery = threading.Lock()
        self._log_filters = LogFilters(metrics)
        log_filters.install(self._log_filters)
        alarm_states.install(_utc_now)
        event_delivery.install()
        schedules.install()
        metric_data.install(metrics)
        self._evaluator = AlarmEvaluator(metrics, settings.evaluation_interval_seconds, _utc_now)
        self._loops = [
            _Loop(self._deliver, settings.metric_flush_seconds),
            _Loop(self._evaluate, settings.evaluation_interval_seconds),
            _Loop(Schedules(ACCOUNT_ID, _utc_now).fire_due, 1.0),
        ]

    def start(self) -> ServerAddresses:
        self._front.start()
        for loop in self._loops:
            loop.start()
        return ServerAddresses(endpoint_url=self._endpoint_url, lambda_url=self._front.url)

    def stop(self) -> None:
        """Kill the functions' processes. Servers and loops are threads, and end with this process."""
        self._runtime.close()

    def _deliver(self) -> None:
        with self._delivery:
            self._telemetry.flush()
            self._log_filters.publish(_utc_now())
        self._runtime.close_idle_sandboxes()

    def _evaluate(self) -> None:
        self._deliver()  # so that no evaluation misses data of a period that is over
        self._evaluator.evaluate_all()


class _Loop:
    """Does something at each multiple of an interval. A failure is written to the log and doesn't end the loop."""

    def __init__(self, action: Callable[[], None], interval_seconds: float) -> None:
        self._action = action
        self._interval_seconds = interval_seconds
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(self._interval_seconds - time.time() % self._interval_seconds)
            try:
                self._action()
            except Exception:  # noqa: BLE001 - the log is what there is to report to
                traceback.print_exc(file=sys.stderr)
