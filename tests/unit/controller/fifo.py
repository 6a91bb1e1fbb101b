"""A FIFO queue in memory, with the rules of SQS' that the workers rest on, and a clock that the test turns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rollback_plugin.controller.hint_queue import HELD_SECONDS, Message, group_of
from rollback_plugin.controller.hints import hint_for
from rollback_plugin.stack import StackName


@dataclass
class _Waiting:
    id: str
    group: str
    body: str
    hidden_until: float = 0.0
    receives: int = 0


@dataclass
class Fifo:
    """Receives don't wait: what isn't there isn't got."""

    redrive_after: int = 10
    """Receives after which a message goes to the dead letters (maxReceiveCount)."""
    now: float = 0.0
    dead: list[Message] = field(default_factory=list)
    receives: Counter[str] = field(default_factory=Counter)
    _messages: list[_Waiting] = field(default_factory=list)
    _sent: set[str] = field(default_factory=set)

    @property
    def waiting(self) -> list[str]:
        """Bodies of all messages, held or not."""
        return [message.body for message in self._messages]

    def put(self, body: str, group: str, deduplication: str | None = None) -> None:
        """Somebody sends a message."""
        if deduplication is not None and deduplication in self._sent:
            return
        self._sent.add(deduplication or "")
        self._messages.append(_Waiting(f"message-{len(self._sent)}-{len(self._messages)}-{self.now}", group, body))

    def receive(self, limit: int) -> Sequence[Message]:
        got: list[Message] = []
        blocked = {message.group for message in self._messages if message.hidden_until > self.now}
        for message in list(self._messages):
            if message.group in blocked or len(got) == limit:
                continue
            message.receives += 1
            self.receives[message.id] += 1
            delivery = Message(message.id, f"{message.id}/{message.receives}", message.group, message.body)
            if message.receives > self.redrive_after:
                self._messages.remove(message)
                self.dead.append(delivery)
                continue
            message.hidden_until = self.now + HELD_SECONDS
            got.append(delivery)
        return got

    def delete(self, messages: Sequence[Message]) -> None:
        for message in self._held(messages):
            self._messages.remove(message)

    def hold(self, messages: Sequence[Message], seconds: int) -> None:
        for message in self._held(messages):
            message.hidden_until = self.now + seconds

    def send(self, because: Mapping[StackName, Message]) -> None:
        for stack, message in because.items():
            self.put(hint_for(stack), group_of(stack), f"{message.id}:{stack}")

    def _held(self, messages: Sequence[Message]) -> list[_Waiting]:
        """Those whose latest delivery, not over yet, is the one that is named."""
        receipts = {message.receipt for message in messages}
        return [
            message
            for message in self._messages
            if f"{message.id}/{message.receives}" in receipts and message.hidden_until > self.now
        ]
