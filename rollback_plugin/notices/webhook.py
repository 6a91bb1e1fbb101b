"""Notices to a webhook: JSON as Slack's incoming webhooks take it, and those that are compatible with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rollback_plugin.errors import DeliveryDelayed, DeliveryFailed
from rollback_plugin.notices.notice import Notice
from rollback_plugin.notices.words import as_blocks, as_text

if TYPE_CHECKING:
    import httpx

TOO_EARLY = frozenset({408, 425, 429})
"""Refusals that pass, besides the server's own errors (RFC 9110, 8470, 6585)."""
LONGEST_WAIT_SECONDS = 60.0
"""A channel that wants to be left alone for longer is asked after that."""


@dataclass(frozen=True)
class Webhook:
    """`text` and `blocks` are for Slack; `notice` has the facts for other receivers, which Slack passes over.

    The URL is the right to write there: it is never shown, logged or put into an error. The notice's id is sent as
    `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
    """

    url: str = field(repr=False)
    client: Callable[[], httpx.Client] = field(repr=False)

    @property
    def kind(self) -> str:
        return "webhook"

    @property
    def id(self) -> str:
        return f"webhook-{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"

    @property
    def name(self) -> str:
        return f"webhook at {urlsplit(self.url).hostname}"

    def send(self, notice: Notice) -> None:
        import httpx

        message = {"text": as_text(notice), "blocks": as_blocks(notice), "notice": notice.facts()}
        try:
            answer = self.client().post(self.url, json=message, headers={"Idempotency-Key": f'"{notice.id}"'})
        except httpx.TransportError as error:
            # Its kind only: httpx's words may name the URL.
            raise DeliveryDelayed(f"The {self.name} gave no answer ({type(error).__name__}).") from None
        if answer.is_success:
            return
        if answer.status_code in TOO_EARLY or answer.is_server_error:
            raise DeliveryDelayed(f"The {self.name} answered {answer.status_code}.", _asked_to_wait(answer))
        raise DeliveryFailed(
            f"The {self.name} answered {answer.status_code}, so it takes no notices. Make a new one and set config "
            "rollback:notify, or ROLLBACK_NOTIFY, to its URL."
        )


def _asked_to_wait(answer: httpx.Response) -> float | None:
    """Retry-After in seconds; None where there is none, or a date."""
    wanted = answer.headers.get("Retry-After", "")
    return min(float(wanted), LONGEST_WAIT_SECONDS) if wanted.isdecimal() else None
