"""A webhook's other end: a server on the loopback interface that answers as a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from rollback_plugin.notices.webhook import Webhook

PATH = "/services/T0/B0/hunter2"


@dataclass
class Hook:
    """What was posted, and what is answered."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """For the next posts; 200 once there is none left."""
    always: int = 200
    posted: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """Headers and document of each post."""
    stop: Callable[[], None] = lambda: None

    @property
    def channel(self) -> Webhook:
        return Webhook(self.url, cache(lambda: httpx.Client(timeout=5.0)))


@contextmanager
def served_hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.posted.append((dict(self.headers), document))
            status, headers = hook.answers.pop(0) if hook.answers else (hook.always, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"http://127.0.0.1:{server.server_port}{PATH}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()

        def stop() -> None:
            server.shutdown()
            server.server_close()

        hook.stop = stop
        try:
            yield hook
        finally:
            server.shutdown()
            serving.join()
