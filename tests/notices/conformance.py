"""The contract of `rollback_plugin.notices.channel`, as tests: the same for every kind.

A kind's test class derives from `ChannelConformance` and gives `receiver`: the other end of a channel.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from rollback_plugin.errors import DeliveryDelayed, DeliveryFailed
from rollback_plugin.notices.channel import Channel
from rollback_plugin.notices.notice import Happened, Notice
from rollback_plugin.stack import StackName

NOTICE = Notice(
    stack=StackName("shop", "prod"),
    sequence=12,
    happened=Happened.ROLLBACK_STARTED,
    headline="Version 7 of shop/prod is being rolled back (to version 6).",
    what_next="`rollback status --stack prod` says more <&>.",
    time=datetime(2026, 3, 2, 12, tzinfo=UTC),
    actor="worker@host:1",
    record="s3://bucket/.rollback/stacks/shop/prod/journal/00000012.json",
    version=7,
    target=6,
    reason="ALARM_AFTER_DEPLOY",
    alarms=("errors", "slow"),
    why="the fair",
)
WORDS = (
    "Version 7 of shop/prod",
    "errors, slow",
    "ALARM_AFTER_DEPLOY",
    "worker@host:1",
    "the fair",
    "rollback status",
    NOTICE.record,
)


@dataclass(frozen=True)
class Received:
    """One message, as it came out at the other end."""

    id: str
    """What it can be told by, if it comes twice."""
    words: str
    facts: dict[str, Any]


class Receiver(Protocol):
    """The other end of a channel."""

    channel: Channel
    secrets: tuple[str, ...]
    """What must not be shown of the channel."""

    def received(self) -> list[Received]: ...

    def refuse(self) -> None:
        """From here on nothing is taken, and never will be."""
        ...

    def go_away(self) -> None:
        """From here on nobody answers."""
        ...


class ChannelConformance:
    @pytest.fixture
    def receiver(self) -> Receiver:
        raise NotImplementedError

    def test_a_notice_arrives_with_all_its_facts(self, receiver: Receiver) -> None:
        receiver.channel.send(NOTICE)

        (received,) = receiver.received()
        assert received.facts == NOTICE.facts()
        assert received.facts["alarms"] == ["errors", "slow"]
        assert [word for word in WORDS if word not in received.words] == []

    def test_its_id_goes_with_it_and_is_the_same_the_next_time(self, receiver: Receiver) -> None:
        receiver.channel.send(NOTICE)
        receiver.channel.send(NOTICE)

        assert {received.id for received in receiver.received()} == {NOTICE.id}

    def test_who_refuses_it_is_not_asked_again(self, receiver: Receiver) -> None:
        receiver.refuse()

        with pytest.raises(DeliveryFailed) as failed:
            receiver.channel.send(NOTICE)
        assert not isinstance(failed.value, DeliveryDelayed)
        assert [secret for secret in receiver.secrets if secret in str(failed.value)] == []

    def test_who_does_not_answer_may_do_so_later(self, receiver: Receiver) -> None:
        receiver.go_away()

        with pytest.raises(DeliveryDelayed) as delayed:
            receiver.channel.send(NOTICE)
        assert [secret for secret in receiver.secrets if secret in str(delayed.value)] == []
        # A traceback would show what the error was made from.
        assert not receiver.secrets or delayed.value.__suppress_context__

    def test_name_and_id_are_no_secret(self, receiver: Receiver) -> None:
        shown = f"{receiver.channel!r} {receiver.channel.name} {receiver.channel.id} {receiver.channel.kind}"

        assert [secret for secret in receiver.secrets if secret in shown] == []
