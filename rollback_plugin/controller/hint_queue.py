"""The SQS FIFO queue that hints come through, grouped by stack.

What of SQS this rests on (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues.html):
while messages of a group are held, nobody else gets messages of that group; a held message comes back when its
visibility timeout ends; a message that came back too often goes to the dead-letter queue by the queue's redrive policy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.controller.hints import hint_for
from rollback_plugin.errors import CloudError
from rollback_plugin.stack import StackName

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HELD_SECONDS = 60
"""How long a message stays with a worker that gave no sign since: after a crash, others go on then."""
POLL_SECONDS = 10
"""How long a receive waits for messages (SQS allows 20); less than the clients' read timeout."""
BATCH = 10
"""Messages in one call, at most (quotas-messages.html of the same guide)."""
LONGEST_GROUP = 128
"""Characters of a message group id, at most (API_SendMessage.html)."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of a message."""

    id: str
    """The same in every delivery."""
    receipt: str
    """Names this delivery."""
    group: str
    body: str


class HintQueue(Protocol):
    """Where hints wait. Every method may raise `CloudError`s."""

    def receive(self, limit: int) -> Sequence[Message]:
        """The next messages, `BATCH` of them at most, oldest of their groups first; none after `POLL_SECONDS` without
        any."""
        ...

    def delete(self, messages: Sequence[Message]) -> None:
        """They were dealt with."""
        ...

    def hold(self, messages: Sequence[Message], seconds: int) -> None:
        """Keep them from others for so long from now; 0 hands them back. One that was lost to another worker
        meanwhile is left to it."""
        ...

    def send(self, because: Mapping[StackName, Message]) -> None:
        """Put a hint for each stack into the stack's own group; sending again for the same message adds nothing."""
        ...


@dataclass(frozen=True)
class SqsHintQueue:
    """The queue of this URL."""

    client: SQSClient
    url: str

    def receive(self, limit: int) -> Sequence[Message]:
        with cloud_errors(f"receive from the queue {self.url}"):
            answer = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=limit,
                WaitTimeSeconds=POLL_SECONDS,
                VisibilityTimeout=HELD_SECONDS,
                MessageSystemAttributeNames=["MessageGroupId"],
            )
        return [
            Message(
                id=received.get("MessageId", ""),
                receipt=received.get("ReceiptHandle", ""),
                group=received.get("Attributes", {}).get("MessageGroupId", ""),
                body=received.get("Body", ""),
            )
            for received in answer.get("Messages", [])
        ]

    def delete(self, messages: Sequence[Message]) -> None:
        for batch in _batches(messages):
            with cloud_errors(f"take messages from the queue {self.url}"):
                # What fails comes back, and is looked at once more.
                self.client.delete_message_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(index), "ReceiptHandle": message.receipt} for index, message in enumerate(batch)
                    ],
                )

    def hold(self, messages: Sequence[Message], seconds: int) -> None:
        for batch in _batches(messages):
            with cloud_errors(f"keep messages of the queue {self.url}"):
                # What fails is no longer ours: the timeout had ended, and somebody else has it.
                self.client.change_message_visibility_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(index), "ReceiptHandle": message.receipt, "VisibilityTimeout": seconds}
                        for index, message in enumerate(batch)
                    ],
                )

    def send(self, because: Mapping[StackName, Message]) -> None:
        for batch in _batches(tuple(because.items())):
            with cloud_errors(f"send to the queue {self.url}"):
                answer = self.client.send_message_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {
                            "Id": str(index),
                            "MessageBody": hint_for(stack),
                            "MessageGroupId": group_of(stack),
                            "MessageDeduplicationId": f"{message.id}:{_digest(str(stack))[:32]}",
                        }
                        for index, (stack, message) in enumerate(batch)
                    ],
                )
            if failed := answer.get("Failed", []):
                raise CloudError(
                    f"Could not send to the queue {self.url}: {len(failed)} of {len(batch)} messages failed, the first"
                    f" with {failed[0]['Code']}: {failed[0].get('Message', '')}. Check the queue and its policy."
                )


def group_of(stack: StackName) -> str:
    """The message group of a stack."""
    name = str(stack)
    return name if len(name) <= LONGEST_GROUP else _digest(name)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
