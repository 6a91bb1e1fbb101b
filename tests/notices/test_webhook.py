"""A webhook keeps the contract of a channel, over HTTP; and what only a webhook can get wrong."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from rollback_plugin.errors import DeliveryDelayed, DeliveryFailed
from rollback_plugin.notices.channel import Channel
from tests.notices.conformance import NOTICE, ChannelConformance, Received, Receiver
from tests.notices.receiver import Hook, served_hook

pytestmark = pytest.mark.embedded


class HookReceiver:
    def __init__(self, hook: Hook) -> None:
        self.hook = hook
        self.channel: Channel = hook.channel
        self.secrets: tuple[str, ...] = ("hunter2", "/services/")

    def received(self) -> list[Received]:
        return [
            Received(headers["Idempotency-Key"].strip('"'), document["text"], document["notice"])
            for headers, document in self.hook.posted
        ]

    def refuse(self) -> None:
        self.hook.always = 404

    def go_away(self) -> None:
        self.hook.stop()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with served_hook() as served:
        yield served


class TestWebhook(ChannelConformance):
    @pytest.fixture
    def receiver(self, hook: Hook) -> Receiver:
        return HookReceiver(hook)


@pytest.mark.parametrize(
    ("status", "headers", "after_seconds"),
    [
        (500, {}, None),
        (503, {"Retry-After": "7"}, 7.0),
        (429, {"Retry-After": "86400"}, 60.0),
        (429, {"Retry-After": "Mon, 02 Mar 2026 12:00:00 GMT"}, None),
    ],
)
def test_a_refusal_that_passes_says_when_to_ask_again(
    hook: Hook, status: int, headers: dict[str, str], after_seconds: float | None
) -> None:
    hook.answers = [(status, headers)]

    with pytest.raises(DeliveryDelayed) as delayed:
        hook.channel.send(NOTICE)
    assert delayed.value.after_seconds == after_seconds


def test_a_redirect_is_not_followed(hook: Hook) -> None:
    hook.answers = [(302, {"Location": hook.url})]

    with pytest.raises(DeliveryFailed):
        hook.channel.send(NOTICE)
    assert len(hook.posted) == 1


def test_the_message_is_one_that_slack_takes(hook: Hook) -> None:
    hook.channel.send(NOTICE)

    blocks: list[dict[str, Any]] = hook.posted[0][1]["blocks"]
    assert [block["type"] for block in blocks] == ["header", "section", "section", "context"]
    assert blocks[0]["text"]["type"] == "plain_text"
    assert len(blocks[0]["text"]["text"]) <= 150
    assert len(blocks[1]["fields"]) <= 10
    assert blocks[2]["text"]["text"] == "`rollback status --stack prod` says more &lt;&amp;&gt;."


def test_the_url_is_in_no_log_of_ours(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    # httpx logs every URL at INFO, for who asks for it: nobody here does.
    with caplog.at_level(logging.WARNING):
        hook.channel.send(NOTICE)

    assert "hunter2" not in caplog.text
