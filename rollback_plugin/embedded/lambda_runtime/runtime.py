"""Invocations: look the version up, borrow a worker, run, log, count."""

import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rollback_plugin.embedded.lambda_runtime.deployed_version import DeployedVersion, FunctionDirectory
from rollback_plugin.embedded.lambda_runtime.sandbox import log_group_name, start_worker, unpack, why_it_cannot_run
from rollback_plugin.embedded.lambda_runtime.worker_pool import Loan, WorkerPool
from rollback_plugin.embedded.lambda_runtime.worker_process import Outcome
from rollback_plugin.embedded.telemetry import InvocationRecord, Telemetry

_IDLE_SANDBOX_SECONDS = 120.0


@dataclass(frozen=True)
class Invocation:
    """What came of one invocation. `value` is what the function returned, or the error object when `failed`."""

    request_id: str
    executed_version: str
    value: Any
    failed: bool


class NoSuchFunction(Exception):
    """No function, version or alias of that name."""


@dataclass
class _Sandbox:
    pool: WorkerPool
    code_folder: Path
    last_used_seconds: float


class LambdaRuntime:
    """Runs deployed Python functions, each version in processes of its own. Thread-safe."""

    def __init__(
        self,
        functions: FunctionDirectory,
        telemetry: Telemetry,
        code_folder: Path,
        environment: Mapping[str, str],
        clock: Callable[[], datetime],
        concurrency_per_version: int,
    ) -> None:
        """`environment` is what every function sees besides its own variables; code is unpacked in `code_folder`."""
        self._functions = functions
        self._telemetry = telemetry
        self._code_folder = code_folder
        self._environment = environment
        self._clock = clock
        self._concurrency_per_version = concurrency_per_version
        self._lock = threading.Lock()
        self._sandboxes: dict[tuple[object, ...], _Sandbox] = {}

    def invoke(self, function_name: str, qualifier: str | None, make_event: Callable[[str], Any]) -> Invocation:
        """Run the function and wait for it. `make_event` gets the request id.

        Raises NoSuchFunction; every failure of the function itself is in the answer.
        """
        version = self._version(function_name, qualifier)
        request_id = str(uuid.uuid4())
        refusal = why_it_cannot_run(version)
        if refusal is not None:
            error = {"errorType": "Runtime.Unsupported", "errorMessage": refusal}
            return Invocation(request_id, version.version, error, failed=True)
        with self._pool(version).borrow() as loan:
            outcome = self._run(version, loan, request_id, make_event(request_id))
            loan.usable = outcome.worker_usable
        return Invocation(request_id, version.version, outcome.payload, outcome.failed)

    def require(self, function_name: str, qualifier: str | None) -> None:
        """Raises NoSuchFunction when there is nothing to invoke."""
        self._version(function_name, qualifier)

    def close_idle_sandboxes(self) -> None:
        """End the processes of versions nobody has called for a while; the next call is a cold start."""
        with self._lock:
            oldest_seconds = time.monotonic() - _IDLE_SANDBOX_SECONDS
            idle = [
                identity
                for identity, sandbox in self._sandboxes.items()
                if sandbox.last_used_seconds < oldest_seconds and not sandbox.pool.in_use
            ]
            closing = [self._sandboxes.pop(identity) for identity in idle]
        for sandbox in closing:
            sandbox.pool.close()
            shutil.rmtree(sandbox.code_folder)

    def close(self) -> None:
        """Kill all workers."""
        with self._lock:
            sandboxes = list(self._sandboxes.values())
            self._sandboxes.clear()
        for sandbox in sandboxes:
            sandbox.pool.close()

    def _version(self, function_name: str, qualifier: str | None) -> DeployedVersion:
        version = self._functions.resolve(function_name, qualifier)
        if version is None:
            raise NoSuchFunction(f"{function_name}:{qualifier}" if qualifier else function_name)
        return version

    def _pool(self, version: DeployedVersion) -> WorkerPool:
        with self._lock:
            sandbox = self._sandboxes.get(version.sandbox_identity)
            if sandbox is None:
                folder = unpack(version, self._code_folder)
                pool = WorkerPool(
                    lambda: start_worker(version, folder, self._environment, self._telemetry, self._clock),
                    self._concurrency_per_version,
                )
                sandbox = self._sandboxes[version.sandbox_identity] = _Sandbox(pool, folder, time.monotonic())
            sandbox.last_used_seconds = time.monotonic()
            return sandbox.pool

    def _run(self, version: DeployedVersion, loan: Loan, request_id: str, event: Any) -> Outcome:
        worker = loan.worker
        init_started = time.perf_counter()
        failed_init = worker.initialize(request_id) if loan.cold else None
        init_milliseconds = (time.perf_counter() - init_started) * 1000 if loan.cold else None

        invoked_at = self._clock()
        started = time.perf_counter()
        worker.log(f"START RequestId: {request_id} Version: {version.version}")
        context = {
            "function_name": version.function_name,
            "function_version": version.version,
            "invoked_function_arn": version.invoked_function_arn,
            "memory_limit_in_mb": str(version.memory_megabytes),
            "aws_request_id": request_id,
            "log_group_name": log_group_name(version.function_name),
            "log_stream_name": worker.log_stream_name,
            "deadline_epoch_seconds": invoked_at.timestamp() + version.timeout_seconds,
        }
        outcome = failed_init or worker.invoke(event, context, version.timeout_seconds)
        duration_milliseconds = (time.perf_counter() - started) * 1000
        worker.log(f"END RequestId: {request_id}")
        worker.log(_report_line(version, request_id, duration_milliseconds, init_milliseconds))
        self._telemetry.record_invocation(
            InvocationRecord(
                function_name=version.function_name,
                resource=version.resource,
                through_alias=version.through_alias,
                executed_version=version.version,
                invoked_at=invoked_at,
                duration_milliseconds=duration_milliseconds,
                failed=outcome.failed,
            )
        )
        return outcome


def _report_line(
    version: DeployedVersion, request_id: str, duration_milliseconds: float, init_milliseconds: float | None
) -> str:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html, without the memory used: it isn't measured."""
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_milliseconds:.2f} ms",
        f"Billed Duration: {int(duration_milliseconds) + 1} ms",
        f"Memory Size: {version.memory_megabytes} MB",
    ]
    if init_milliseconds is not None:
        parts.append(f"Init Duration: {init_milliseconds:.2f} ms")
    return "\t".join(parts)
