"""What the orders service depends on: a small HTTP service that can be told to fail."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Inventory:
    """Answers every GET with stock, or, while `failing`, with 503."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._failing = threading.Event()

    @property
    def failing(self) -> bool:
        """Whether requests are being refused at the moment."""
        return self._failing.is_set()

    def fail(self) -> None:
        """Refuse requests from now on."""
        self._failing.set()

    def mend(self) -> None:
        """Answer requests again."""
        self._failing.clear()


@contextmanager
def inventory_service() -> Iterator[Inventory]:
    """Serve an `Inventory` on a free loopback port until the block ends."""
    inventory: Inventory

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = (503, {"error": "out of service"}) if inventory.failing else (200, {"available": 100})
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Requests are counted by the consumer; a second log would only be noise."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    inventory = Inventory(server.server_port)
    thread = threading.Thread(target=server.serve_forever, name="inventory", daemon=True)
    thread.start()
    try:
        yield inventory
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
