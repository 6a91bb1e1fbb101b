"""The inventory's process: it prints its URL, and answers until its standard input ends."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

IN_STOCK = '{"available": 10}'
ORDERS = "/orders"
"""The path at which it is told what to answer (PUT), and says what it was asked (GET)."""


class _Answer(BaseHTTPRequestHandler):
    told: dict[str, Any] = {"status": 200, "body": IN_STOCK}  # noqa: RUF012 - the service's one state
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        if self.path == ORDERS:
            self._say(200, json.dumps(self.asked))
        else:
            self.asked.append(self.path)
            self._say(self.told["status"], self.told["body"])

    def do_PUT(self) -> None:
        self.told.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._say(204, "")

    def _say(self, status: int, body: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Keep requests out of the test's output."""


def _serve() -> None:
    """Until the standard input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _serve()
