"""The HTTP server consumers call.

    POST /2015-03-31/functions/{name}/invocations[?Qualifier=]
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html any  /{function}/{qualifier}[/{path}][?query]
    the function's URL, see function_url.py

Every answer of a function carries X-Amz-Executed-Version, so that consumers can count by version.

The standard library's threading server: no framework between socket and worker, one thread per connection, HTTP/1.1,
and connections are closed by the client only (a server that closes idle ones races with the client's next request,
which the consumer would see as a reset). Each response is one write (`wbufsize`) with Nagle's algorithm off; headers
and body in two writes would wait for the client's delayed acknowledgement (40 ms).
"""

import json
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from rollback_plugin.embedded.lambda_runtime import invoke_api
from rollback_plugin.embedded.lambda_runtime.function_url import (
    MalformedResponse,
    UrlRequest,
    UrlResponse,
    request_event,
    url_response,
)
from rollback_plugin.embedded.lambda_runtime.runtime import Invocation, LambdaRuntime, NoSuchFunction

_INVOKE_PREFIX = "/2015-03-31/functions/"
_INVOKE_SUFFIX = "/invocations"


class LambdaFront:
    """Listens on 127.0.0.1, on a port the system chooses."""

    def __init__(self, runtime: LambdaRuntime, account_id: str, clock: Callable[[], datetime]) -> None:
        self._server = _Server(runtime, account_id, clock)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, runtime: LambdaRuntime, account_id: str, clock: Callable[[], datetime]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runtime = runtime
        self.account_id = account_id
        self.clock = clock


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """No access log: each invocation has its lines in CloudWatch Logs."""

    def handle_request(self) -> None:
        body = self._read_body()
        path, _, query = self.path.partition("?")
        if path.startswith(_INVOKE_PREFIX) and path.endswith(_INVOKE_SUFFIX):
            function_name = unquote(path[len(_INVOKE_PREFIX) : -len(_INVOKE_SUFFIX)])
            qualifier = parse_qs(query).get("Qualifier", [None])[0]
            invocation_type = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
            response = invoke_api.invoke(self.server.runtime, function_name, qualifier, invocation_type, body)
            self._respond(response.status, response.headers, response.body)
            return
        try:
            self._function_url(path, query, body)
        except NoSuchFunction as missing:
            response = invoke_api.function_not_found(missing)
            self._respond(response.status, response.headers, response.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_request  # noqa: N815

    def _function_url(self, path: str, query: str, body: bytes) -> None:
        parts = path.split("/", 3)
        if len(parts) < 3 or not parts[1] or not parts[2]:
            raise NoSuchFunction(path)
        function_name, qualifier = unquote(parts[1]), unquote(parts[2])
        request = UrlRequest(
            method=self.command,
            raw_path="/" + (parts[3] if len(parts) > 3 else ""),
            raw_query=query,
            headers=self.headers.items(),
            body=body,
            source_ip=self.client_address[0],
        )

        def make_event(request_id: str) -> dict[str, Any]:
            url_id = f"{function_name}-{qualifier}"
            return request_event(request, url_id, self.server.account_id, request_id, self.server.clock())

        invocation = self.server.runtime.invoke(function_name, qualifier, make_event)
        response = _url_response(invocation)
        self._respond(response.status, [*response.headers, *invoke_api.invocation_headers(invocation)], response.body)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks()
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _read_chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue
        return body

    def _respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _url_response(invocation: Invocation) -> UrlResponse:
    """A function error becomes a 502, as with real function URLs; its body says what the error was."""
    if invocation.failed:
        return UrlResponse(502, (("Content-Type", "application/json"),), json.dumps(invocation.value).encode())
    try:
        return url_response(invocation.value)
    except MalformedResponse as malformed:
        error = {"errorType": "Function.MalformedResponse", "errorMessage": str(malformed)}
        return UrlResponse(502, (("Content-Type", "application/json"),), json.dumps(error).encode())
