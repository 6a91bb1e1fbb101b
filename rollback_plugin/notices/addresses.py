"""From addresses, as config and environment write them, to channels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import yaml

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.notices.channel import Channel
from rollback_plugin.notices.sns import SnsTopic
from rollback_plugin.notices.webhook import Webhook
from rollback_plugin.stored import Misfit, fitted

if TYPE_CHECKING:
    import httpx
    from mypy_boto3_sns import SNSClient

NOTIFY_KEY = "rollback:notify"
"""Config of a stack: an address, or a list of them. A webhook's URL is the right to write there, so set it with
`--secret`."""
NOTIFY_VARIABLE = "ROLLBACK_NOTIFY"
"""Environment: addresses for every stack, with spaces between them."""
NOTIFY_SECRET_VARIABLE = "ROLLBACK_NOTIFY_SECRET"  # noqa: S105 - a name
"""Environment: more of them, from where secrets are kept."""
_TOPIC = re.compile(r"sns:(?P<arn>arn:[\w-]+:sns:(?P<region>[\w-]+):\d{12}:[\w-]{1,256}(\.fifo)?)")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Channels:
    """Makes channels; none of them is asked for anything yet."""

    sns: Callable[[str], SNSClient]
    """A client for a region."""
    http: Callable[[], httpx.Client]

    def at(self, address: str) -> Channel:
        """The channel at `sns:<topic ARN>` or `https://…`. Raises `InvalidConfiguration`, which doesn't repeat the
        address."""
        topic = _TOPIC.fullmatch(address)
        if topic is not None:
            return SnsTopic(topic["arn"], lambda: self.sns(topic["region"]))
        parts = urlsplit(address)
        # Elsewhere the URL, which is a secret, would go over the network in plain text.
        if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
            return Webhook(address, self.http)
        raise InvalidConfiguration(
            f"An address of {NOTIFY_KEY}, {NOTIFY_VARIABLE} or {NOTIFY_SECRET_VARIABLE} can't be used (it isn't "
            "repeated here, for it may be a secret): it is neither sns:<ARN of a topic> nor a URL that begins with https://."
        )


def configured_addresses(value: str) -> list[str]:
    """The addresses in a config value: one, or a list in JSON or YAML. Raises `InvalidConfiguration`."""
    try:
        found: str | list[str] = fitted(yaml.safe_load(value), cast("Any", str | list[str]))
    except (yaml.YAMLError, Misfit):
        raise InvalidConfiguration(
            f"Config {NOTIFY_KEY} is not a list of addresses. Set it with: pulumi config set --secret {NOTIFY_KEY} "
            """'["sns:<topic ARN>", "https://…"]'."""
        ) from None
    return [found] if isinstance(found, str) else found


def environment_addresses(environ: Mapping[str, str]) -> list[str]:
    """The addresses that go for every stack of a process."""
    return [address for name in (NOTIFY_VARIABLE, NOTIFY_SECRET_VARIABLE) for address in environ.get(name, "").split()]
