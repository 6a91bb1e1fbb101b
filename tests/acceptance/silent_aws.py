"""In front of the embedded AWS: passes requests on, but for one kind, which it takes and never answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "server", "date", "content-encoding"})


class SilentAws:
    """Serves while in its `with` block."""

    def __init__(self, endpoint_url: str, unanswered: bytes) -> None:
        """unanswered: what stands in the body of those requests."""
        self._endpoint_url = endpoint_url
        self._unanswered = unanswered
        self.asked = threading.Event()
        """Set once such a request has come."""
        self._ending = threading.Event()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Yields the address."""
        silent = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                silent._answer(self)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            self._ending.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        if self._unanswered in body:
            self.asked.set()
            self._ending.wait()
            request.close_connection = True
            return
        answer = httpx.request(
            request.command,
            self._endpoint_url + request.path,
            headers=[(name, value) for name, value in request.headers.items() if name.lower() != "accept-encoding"],
            content=body,
        )
        request.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer.content)))
        request.end_headers()
        request.wfile.write(answer.content)
