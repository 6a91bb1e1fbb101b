"""An SNS topic keeps the contract of a channel, through moto's SNS and SQS; and what only SNS can get wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
from moto.server import ThreadedMotoServer

from rollback_plugin.cloud.clients import AwsClients
from rollback_plugin.notices.channel import Channel
from rollback_plugin.notices.notice import Notice
from rollback_plugin.notices.sns import SnsTopic
from tests.notices.conformance import NOTICE, ChannelConformance, Received, Receiver

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

pytestmark = pytest.mark.embedded

REGION = "eu-central-1"


class Topic:
    """A topic, and a queue that subscribed to it."""

    def __init__(self, name: str, endpoint: str) -> None:
        environ = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint,
        }
        clients = AwsClients(environ)
        sns, self._sqs = clients.client("sns", REGION), self._made_sqs(clients)
        fifo = name.endswith(".fifo")
        self.arn = sns.create_topic(Name=name, Attributes={"FifoTopic": "true"} if fifo else {})["TopicArn"]
        queue = name.removesuffix(".fifo") + ("-queue.fifo" if fifo else "-queue")
        self._queue = self._sqs.create_queue(QueueName=queue, Attributes={"FifoQueue": "true"} if fifo else {})[
            "QueueUrl"
        ]
        queue_arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue_arn["QueueArn"])
        self._sns = sns
        self._elsewhere = replace(clients, environ={**environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
        self.secrets: tuple[str, ...] = ()
        self.channel: Channel = SnsTopic(self.arn, cache(lambda: clients.client("sns", REGION)))

    @staticmethod
    def _made_sqs(clients: AwsClients) -> "SQSClient":
        made: SQSClient = clients.client("sqs", REGION)
        return made

    def messages(self) -> "list[MessageTypeDef]":
        found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, AttributeNames=["All"])
        return found.get("Messages", [])

    def received(self) -> list[Received]:
        envelopes = [json.loads(message["Body"]) for message in self.messages()]
        return [
            Received(json.loads(envelope["Message"])["id"], self._words(), json.loads(envelope["Message"]))
            for envelope in envelopes
        ]

    def refuse(self) -> None:
        self._sns.delete_topic(TopicArn=self.arn)

    def go_away(self) -> None:
        gone = AwsClients(self._elsewhere.environ)
        self.channel = SnsTopic(self.arn, cache(lambda: gone.client("sns", REGION)))

    def _words(self) -> str:
        """What a person gets by mail, who can't be had here: `default` of the same message."""
        sent: list[str] = []

        class Recording:
            def publish(self, **request: str) -> None:
                sent.append(json.loads(request["Message"])["default"])

        SnsTopic(self.arn, lambda: Recording()).send(NOTICE)  # type: ignore[arg-type, return-value]
        return sent[0]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


class TestStandardTopic(ChannelConformance):
    @pytest.fixture
    def receiver(self, endpoint: str, request: pytest.FixtureRequest) -> Receiver:
        return Topic(f"notices-{request.node.name[-40:]}", endpoint)


def test_a_fifo_topic_takes_the_same_notice_once(endpoint: str) -> None:
    topic = Topic("incidents.fifo", endpoint)
    topic.channel.send(NOTICE)
    topic.channel.send(NOTICE)
    topic.channel.send(replace(NOTICE, sequence=13))

    messages = topic.messages()
    assert [json.loads(json.loads(message["Body"])["Message"])["id"] for message in messages] == [
        "shop/prod/12",
        "shop/prod/13",
    ]
    assert {message["Attributes"]["MessageGroupId"] for message in messages} == {"shop/prod"}


def test_what_subscribers_filter_by_goes_with_it(endpoint: str) -> None:
    topic = Topic("filtered", endpoint)
    topic.channel.send(NOTICE)

    (message,) = topic.messages()
    attributes = json.loads(message["Body"])["MessageAttributes"]
    assert {name: found["Value"] for name, found in attributes.items()} == {
        "stack": "shop/prod",
        "happened": "rollback_started",
        "reason": "ALARM_AFTER_DEPLOY",
    }


@pytest.mark.parametrize("headline", ["x" * 300, "Größe\nnope", "Version 1."])
def test_a_subject_is_one_that_sns_takes(headline: str) -> None:
    sent: list[dict[str, str]] = []

    class Recording:
        def publish(self, **request: str) -> None:
            sent.append(request)

    notice: Notice = replace(NOTICE, headline=headline)
    SnsTopic("arn:aws:sns:eu-central-1:123456789012:t", lambda: Recording()).send(notice)  # type: ignore[arg-type, return-value]

    subject = sent[0]["Subject"]
    assert len(subject) < 100
    assert subject.isascii()
    assert "\n" not in subject
