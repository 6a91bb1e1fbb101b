"""The rules of SQS that workers rest on: moto's queue, over HTTP, keeps them, and so does the unit tests' queue."""

from collections.abc import Iterator
from typing import Protocol
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from rollback_plugin.controller.hint_queue import HintQueue, SqsHintQueue, group_of
from rollback_plugin.controller.hints import StackHint, parse_hint
from rollback_plugin.stack import StackName
from tests.unit.controller.fifo import Fifo

pytestmark = pytest.mark.embedded

A, B = StackName("shop", "dev"), StackName("books", "dev")


class Queue(HintQueue, Protocol):
    def put(self, body: str, group: str) -> None:
        """Somebody else sends a message."""


class MotoQueue(SqsHintQueue):
    def put(self, body: str, group: str) -> None:
        self.client.send_message(QueueUrl=self.url, MessageBody=body, MessageGroupId=group)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(params=["moto", "memory"])
def queue(request: pytest.FixtureRequest, endpoint: str) -> Queue:
    if request.param == "memory":
        return Fifo()
    client = boto3.client(
        "sqs",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    url = client.create_queue(
        QueueName=f"{uuid4().hex}.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    return MotoQueue(client, url)


def test_a_group_is_with_one_receiver_until_its_messages_are_dealt_with(queue: Queue) -> None:
    queue.put("first", "a")
    queue.put("second", "a")
    queue.put("other", "b")

    (first,) = queue.receive(1)
    (other,) = queue.receive(10)
    assert (first.body, other.body, other.group) == ("first", "other", "b")

    queue.delete([first])
    (second,) = queue.receive(10)
    assert second.body == "second"


def test_what_is_handed_back_is_received_again_under_the_same_id(queue: Queue) -> None:
    queue.put("first", "a")
    (first,) = queue.receive(10)

    queue.hold([first], 0)

    (again,) = queue.receive(10)
    assert (again.id, again.body) == (first.id, "first")


def test_a_batch_has_as_many_messages_as_are_asked_for(queue: Queue) -> None:
    for number in range(15):
        queue.put(str(number), str(number))

    assert len(queue.receive(10)) == 10
    assert len(queue.receive(3)) == 3


def test_a_hint_that_is_passed_on_lies_in_its_stacks_group_once(queue: Queue) -> None:
    queue.put("an alarm changed", "alarms")
    (because,) = queue.receive(10)

    queue.send({A: because, B: because})
    queue.send({B: because, A: because})

    received = queue.receive(10)
    assert {(parse_hint(message.body), message.group) for message in received} == {
        (StackHint(A), "shop/dev"),
        (StackHint(B), "books/dev"),
    }
    assert len(received) == 2


def test_a_group_has_a_name_that_the_queue_takes_however_long_the_stacks_is(queue: Queue) -> None:
    stack = StackName("p" * 100, "s" * 100)
    queue.put("an alarm changed", "alarms")
    (because,) = queue.receive(10)

    queue.send({stack: because})

    (received,) = queue.receive(10)
    assert received.group == group_of(stack)
