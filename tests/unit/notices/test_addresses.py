"""What an address may be, and that none is ever repeated."""

from typing import NoReturn

import pytest

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.notices.addresses import Channels, configured_addresses, environment_addresses

ARN = "arn:aws:sns:eu-central-1:123456789012:incidents"


def unused(*_: object) -> NoReturn:
    raise AssertionError("nothing is sent here")


CHANNELS = Channels(sns=unused, http=unused)


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        (f"sns:{ARN}", "sns", ARN),
        (f"sns:{ARN}.fifo", "sns", f"{ARN}.fifo"),
        ("sns:arn:aws-cn:sns:cn-north-1:123456789012:t", "sns", "arn:aws-cn:sns:cn-north-1:123456789012:t"),
        ("https://hooks.slack.com/services/T0/B0/hunter2", "webhook", "webhook at hooks.slack.com"),
        ("http://127.0.0.1:8080/hunter2", "webhook", "webhook at 127.0.0.1"),
    ],
)
def test_an_address_is_a_topic_or_a_webhook(address: str, kind: str, name: str) -> None:
    channel = CHANNELS.at(address)

    assert (channel.kind, channel.name) == (kind, name)
    assert CHANNELS.at(address).id == channel.id


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hunter2",
        "http://hooks.example.com/hunter2",
        "https:///hunter2",
        "ftp://hunter2",
        "sns:hunter2",
        f"sns:{ARN}/hunter2",
        "sns:arn:aws:sqs:eu-central-1:123456789012:hunter2",
    ],
)
def test_anything_else_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        CHANNELS.at(address)

    assert "hunter2" not in str(refused.value)


def test_two_webhooks_of_a_host_are_two_channels() -> None:
    first, second = (CHANNELS.at(f"https://hooks.slack.com/services/{name}") for name in ("a", "b"))

    assert first.id != second.id


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("https://a", ["https://a"]),
        ('["https://a", "sns:arn:x"]', ["https://a", "sns:arn:x"]),
        ("[]", []),
    ],
)
def test_config_holds_one_address_or_a_list(value: str, addresses: list[str]) -> None:
    assert configured_addresses(value) == addresses


@pytest.mark.parametrize("value", ['{"hunter2": 1}', "[[hunter2]]", "5", "hunter2: [", ""])
def test_other_config_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        configured_addresses(value)

    assert "hunter2" not in str(refused.value)
    assert "pulumi config set --secret rollback:notify" in str(refused.value)


def test_the_environment_holds_addresses_with_spaces_between_them() -> None:
    assert environment_addresses({}) == []
    assert environment_addresses({"ROLLBACK_NOTIFY": " https://a\nsns:arn:x "}) == ["https://a", "sns:arn:x"]
    assert environment_addresses({"ROLLBACK_NOTIFY": "sns:arn:x", "ROLLBACK_NOTIFY_SECRET": "https://a\n"}) == [
        "sns:arn:x",
        "https://a",
    ]
