"""The store on S3 throttles, fails, times out, or answers nobody hears: the same end, and the journal says it once.

Over HTTP, with moto's S3; what goes wrong is put between botocore and the wire. Codes and statuses:
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and for conditional writes
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, cast

import boto3
import pytest
import stamina
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.server import ThreadedMotoServer

from rollback_plugin.controller.actor import Actor
from rollback_plugin.store.s3 import S3Store
from tests.unit.controller.machines import Machine, World, later

pytestmark = pytest.mark.embedded

ME, OTHER = Actor("ops", "first", 999_999_901), Actor("ops", "second", 999_999_902)
HAPPENED = ["rollback_started", "rolled_back", "rollback_verified", "recovery_started", "recovered"]
_numbers = count(1)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


class Edge:
    """What lies between a client and S3: every third request goes wrong, in one way after the other."""

    def __init__(self, client: Any, ways: list[Callable[["Edge"], AWSResponse | None]]) -> None:
        self._ways = ways
        self._requests = 0
        self.went_wrong = 0
        self.lose_the_answer = False
        self.writing = False
        client.meta.events.register("before-send.s3", self._send)
        client.meta.events.register("after-call.s3", self._answer)

    def _send(self, request: Any, **_: Any) -> AWSResponse | None:
        self._requests += 1
        if self._requests % 3:
            return None
        self.went_wrong += 1
        self.writing = request.method == "PUT"
        return self._ways[self.went_wrong % len(self._ways)](self)

    def _answer(self, **_: Any) -> None:
        if self.lose_the_answer:
            self.lose_the_answer = False
            raise ConnectionClosedError(endpoint_url="the bucket")


def answers(status: int, code: str) -> Callable[[Edge], AWSResponse]:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()

    class Body:
        def stream(self, **_: Any) -> Iterator[bytes]:
            yield body

    return lambda edge: AWSResponse("https://bucket", status, cast("Any", {}), Body())


def conflict(edge: Edge) -> AWSResponse | None:
    """Two conditional writes of one key at the same moment: only writes get this."""
    return answers(409, "ConditionalRequestConflict")(edge) if edge.writing else None


def times_out(edge: Edge) -> None:
    raise ReadTimeoutError(endpoint_url="the bucket")


def is_done_and_nobody_hears(edge: Edge) -> None:
    edge.lose_the_answer = True


WAYS: dict[str, list[Callable[[Edge], AWSResponse | None]]] = {
    "503 SlowDown": [answers(503, "SlowDown")],
    "500 InternalError": [answers(500, "InternalError")],
    "409 to writes": [conflict],
    "time-outs": [times_out],
    "answers lost": [is_done_and_nobody_hears],
    "all of it": [answers(503, "SlowDown"), is_done_and_nobody_hears, times_out, conflict],
}


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
def test_the_story_ends_as_ever(endpoint: str, ways: list[Callable[[Edge], AWSResponse | None]]) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )
    # Of its own: servers of one process share what moto keeps.
    bucket = f"trouble-{next(_numbers)}"
    client.create_bucket(Bucket=bucket)
    world = World(store=S3Store(client, bucket))
    machines = [Machine(world, ME), Machine(world, OTHER)]
    edge = Edge(client, ways)

    for number in range(8):
        machines[number % 2].round()
        later(world, 130)

    told = [event for event in world.events if event in HAPPENED]
    assert told == HAPPENED
    assert world.changes == [1, 2]
    assert edge.went_wrong > 20
