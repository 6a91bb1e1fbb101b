"""A front before the embedded AWS that says "Rate exceeded" to DescribeAlarms, as CloudWatch does, for as long as a
test wants, and passes on everything else."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

OPERATION = ".DescribeAlarms"
"""How a call's target ends in the protocol that boto3 speaks to CloudWatch
(https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html)."""

REFUSAL = "ThrottlingException"


@dataclass
class Front:
    """What is refused, and what was asked."""

    url: str = ""
    code: str = "Throttling"
    refusals: float = 0
    """Of the next calls of DescribeAlarms; infinite: of all."""
    refused: int = 0
    answered: int = 0
    """Calls of DescribeAlarms that got through."""

    def refuses(self) -> bool:
        if self.refusals <= 0:
            self.answered += 1
            return False
        self.refusals -= 1
        self.refused += 1
        return True


@contextmanager
def throttling_front(endpoint_url: str) -> Iterator[Front]:
    """Before the AWS at this endpoint."""
    front, behind = Front(), urlsplit(endpoint_url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["X-Amz-Target"].endswith(OPERATION) and front.refuses():
                self._answer(400, _refusal_headers(front.code), _document())
                return
            passed_on = HTTPConnection(behind)
            passed_on.request("POST", self.path, body, {**dict(self.headers), "Host": behind})
            answer = passed_on.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() != "content-length"}
            self._answer(answer.status, headers, answer.read())
            passed_on.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        front.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield front
        finally:
            server.shutdown()
            serving.join()


def _refusal_headers(code: str) -> dict[str, str]:
    """CloudWatch once spoke the query protocol, and tells that one's code in a header
    (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html, awsQueryCompatible)."""
    known = {"Content-Type": "application/x-amz-json-1.0"}
    return known if code == REFUSAL else {**known, "x-amzn-query-error": f"{code};Sender"}


def _document() -> bytes:
    return json.dumps({"__type": f"com.amazon.coral.availability#{REFUSAL}", "message": "Rate exceeded"}).encode()
