"""The process that runs one function version's code, one invocation at a time.

Started by path, not imported: it uses the standard library only, so that the function's own code is all there is on
its path besides what the interpreter has installed (boto3, as in AWS' runtimes).

Protocol: one JSON object per line, over the socket whose file descriptor is argv[1].
    server to worker: {"event": any, "context": {...}}
    worker to server: {"type": "ready"} once, or {"type": "init_error", "error": {...}}; then for each invocation
                      {"type": "result", "value": any} or {"type": "error", "error": {...}};
                      and {"type": "log", "text": str} any number of times in between

Standard input is a pipe held by the server: when it ends, the server is gone and this process group ends itself.

Error shape and log format follow AWS' Python runtime:
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html and
https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

import importlib
import io
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

Handler = Callable[[Any, "Context"], Any]


class Channel:
    """The line-wise JSON connection to the server."""

    def __init__(self, file_descriptor: int) -> None:
        self._socket = socket.socket(fileno=file_descriptor)
        self._reader = self._socket.makefile("rb")
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        self.send_line(json.dumps(message))

    def send_line(self, line: str) -> None:
        with self._lock:
            self._socket.sendall(line.encode() + b"\n")

    def receive(self) -> Any:
        """The next message, or None when the server closed the connection."""
        line = self._reader.readline()
        return json.loads(line) if line else None


class LogStream(io.TextIOBase):
    """Stands in for sys.stdout and sys.stderr: whole lines become log messages, as in AWS' runtime."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self._pending = ""
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        with self._lock:
            *lines, self._pending = (self._pending + text).split("\n")
        if lines:
            self._channel.send({"type": "log", "text": "\n".join(lines)})
        return len(text)

    def flush(self) -> None:
        """Nothing: a line that has not ended yet is sent with its end, or with the end of the invocation."""

    def finish_line(self) -> None:
        with self._lock:
            text, self._pending = self._pending, ""
        if text:
            self._channel.send({"type": "log", "text": text})

    def writable(self) -> bool:
        return True


class LogFormatter(logging.Formatter):
    """The format of AWS' Python runtime: level, time, request id and message, separated by tabs."""

    def __init__(self, request_id: Callable[[], str]) -> None:
        super().__init__(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        self.converter = time.gmtime
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        record.aws_request_id = self._request_id()
        return super().format(record)


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, values: dict[str, Any]) -> None:
        self.function_name: str = values["function_name"]
        self.function_version: str = values["function_version"]
        self.invoked_function_arn: str = values["invoked_function_arn"]
        self.memory_limit_in_mb: str = values["memory_limit_in_mb"]
        self.aws_request_id: str = values["aws_request_id"]
        self.log_group_name: str = values["log_group_name"]
        self.log_stream_name: str = values["log_stream_name"]
        self.identity = None
        self.client_context = None
        self._deadline_epoch_seconds: float = values["deadline_epoch_seconds"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline_epoch_seconds - time.time()) * 1000))


class FunctionError(Exception):
    """The function failed; `error` is the object AWS' runtime answers with."""

    def __init__(self, cause: BaseException, error_type: str | None = None, message: str | None = None) -> None:
        super().__init__(str(cause))
        frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if _is_users(frame.filename)]
        self.error: dict[str, Any] = {
            "errorMessage": message or str(cause),
            "errorType": error_type or type(cause).__name__,
            "stackTrace": traceback.format_list(frames),
        }

    def as_log(self) -> str:
        text = f"[ERROR] {self.error['errorType']}: {self.error['errorMessage']}"
        if self.error["stackTrace"]:
            text += "\nTraceback (most recent call last):\n" + "".join(self.error["stackTrace"]).rstrip("\n")
        return text


def _is_users(filename: str) -> bool:
    return filename != __file__ and not filename.startswith("<frozen importlib") and filename != importlib.__file__


def load_handler(name: str) -> Handler:
    """Import the handler "module.function"."""
    module_name, _, function_name = name.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as cause:
        raise FunctionError(
            cause, "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {cause}"
        ) from cause
    except SyntaxError as cause:
        raise FunctionError(
            cause, "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {cause}"
        ) from cause
    except Exception as cause:
        raise FunctionError(cause) from cause
    try:
        handler: Handler = getattr(module, function_name)
    except AttributeError as cause:
        raise FunctionError(
            cause, "Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'"
        ) from cause
    return handler


def call_handler(handler: Handler, event: Any, context: Context) -> str:
    """The answer as a protocol line."""
    try:
        value = handler(event, context)
    except Exception as cause:
        raise FunctionError(cause) from cause
    try:
        return json.dumps({"type": "result", "value": value})
    except (TypeError, ValueError) as cause:
        raise FunctionError(cause, "Runtime.MarshalError", f"Unable to marshal response: {cause}") from cause


def end_with_the_server() -> None:
    """Wait until standard input ends, then end this process and all it started."""
    while os.read(0, 4096):
        continue
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main() -> None:
    channel = Channel(int(sys.argv[1]))
    threading.Thread(target=end_with_the_server, daemon=True).start()
    request_id = ""
    output = LogStream(channel)
    sys.stdout = sys.stderr = output
    log_handler = logging.StreamHandler(output)
    log_handler.setFormatter(LogFormatter(lambda: request_id))
    logging.getLogger().addHandler(log_handler)

    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except FunctionError as failed:
        output.finish_line()
        channel.send({"type": "log", "text": failed.as_log()})
        channel.send({"type": "init_error", "error": failed.error})
        return
    output.finish_line()
    channel.send({"type": "ready"})

    while (message := channel.receive()) is not None:
        request_id = message["context"]["aws_request_id"]
        try:
            answer = call_handler(handler, message["event"], Context(message["context"]))
            output.finish_line()
        except FunctionError as failed:
            output.finish_line()
            channel.send({"type": "log", "text": failed.as_log()})
            answer = json.dumps({"type": "error", "error": {**failed.error, "requestId": request_id}})
        channel.send_line(answer)


if __name__ == "__main__":
    main()
