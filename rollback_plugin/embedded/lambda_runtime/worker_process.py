"""One worker process from the server's side: start it, hand it an event, contain whatever it does.

Errors AWS reports for the sandbox rather than for the code (`Runtime.ExitError`, `Sandbox.Timedout`) are worded as in
https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WORKER_PROGRAM = Path(__file__).with_name("worker.py")
_INIT_TIMEOUT_SECONDS = 10.0  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html


@dataclass(frozen=True)
class Outcome:
    """How one invocation ended. `payload` is the function's value, or the error object when `failed`."""

    payload: Any
    failed: bool
    worker_usable: bool


class WorkerProcess:
    """A process with the function's code loaded. One invocation at a time; kill it when it is no longer wanted."""

    def __init__(
        self, environment: Mapping[str, str], task_root: Path, log_stream_name: str, log: Callable[[str], None]
    ) -> None:
        """Start the process. `log` is called, from any thread, with each message the function writes."""
        self.log_stream_name = log_stream_name
        self.log = log
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._received = b""
        self._kill_lock = threading.Lock()
        self._killed = False
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", str(_WORKER_PROGRAM), str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd=task_root,
                env=dict(environment),
            )
        threading.Thread(target=self._forward_raw_output, daemon=True).start()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def initialize(self, request_id: str) -> Outcome | None:
        """Wait until the code is loaded. None when it is; otherwise how it failed, and the process is gone."""
        deadline = time.monotonic() + _INIT_TIMEOUT_SECONDS
        try:
            message = self._next_message(deadline)
        except TimeoutError:
            self.kill()
            return _timed_out(request_id, _INIT_TIMEOUT_SECONDS, self.log)
        if message is None:
            return self._exited(request_id)
        if message["type"] == "init_error":
            self.kill()
            return Outcome(message["error"], failed=True, worker_usable=False)
        return None

    def invoke(self, event: Any, context: Mapping[str, Any], timeout_seconds: float) -> Outcome:
        """Run the handler once; the process is killed at the timeout."""
        deadline = time.monotonic() + timeout_seconds
        request_id = str(context["aws_request_id"])
        try:
            self._socket.settimeout(timeout_seconds)
            self._socket.sendall(json.dumps({"event": event, "context": context}).encode() + b"\n")
            message = self._next_message(deadline)
        except TimeoutError:
            self.kill()
            return _timed_out(request_id, timeout_seconds, self.log)
        except OSError:  # the process died between two invocations
            message = None
        if message is None:
            return self._exited(request_id)
        if message["type"] == "error":
            return Outcome(message["error"], failed=True, worker_usable=True)
        return Outcome(message["value"], failed=False, worker_usable=True)

    def kill(self) -> None:
        """End the process and everything it started. Harmless when it is gone already."""
        with self._kill_lock:
            if self._killed:
                return
            self._killed = True
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._socket.close()

    def _next_message(self, deadline: float) -> dict[str, Any] | None:
        """The next message that is not a log line; None when the process ended. Raises TimeoutError at the deadline."""
        while True:
            line, newline, rest = self._received.partition(b"\n")
            if newline:
                self._received = rest
                message: dict[str, Any] = json.loads(line)
                if message["type"] != "log":
                    return message
                self.log(message["text"])
                continue
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            self._socket.settimeout(remaining)
            try:
                received = self._socket.recv(65536)
            except TimeoutError:
                raise
            except OSError:  # reset by the process' death, or closed by kill()
                return None
            if not received:
                return None
            self._received += received

    def _exited(self, request_id: str) -> Outcome:
        with suppress(subprocess.TimeoutExpired):  # its end of the connection is closed, so it is on its way out
            self._process.wait(timeout=1.0)
        self.kill()
        code = self._process.returncode
        reason = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        message = f"RequestId: {request_id} Error: Runtime exited with error: {reason}"
        self.log(f"{message}\nRuntime.ExitError")
        return Outcome({"errorType": "Runtime.ExitError", "errorMessage": message}, failed=True, worker_usable=False)

    def _forward_raw_output(self) -> None:
        """What reaches the process' real stdout and stderr (child processes, native code) is logged as well."""
        output = self._process.stdout
        if output is None:
            return
        with output:
            for line in output:
                self.log(line.decode(errors="replace").rstrip("\n"))


def _timed_out(request_id: str, timeout_seconds: float, log: Callable[[str], None]) -> Outcome:
    text = f"Task timed out after {timeout_seconds:.2f} seconds"
    log(f"{request_id} {text}")
    error = {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: {text}"}
    return Outcome(error, failed=True, worker_usable=False)
