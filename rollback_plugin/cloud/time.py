"""What time it is by AWS's clocks, so that processes on machines with wrong clocks agree."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

AGREES_WITHIN = timedelta(seconds=2)
"""A clock that differs by no more is left alone: an answer tells its time in whole seconds (RFC 9110, 6.6.1 Date)."""
_ASKED_AT = "rollback_plugin_asked_at"


class Client(Protocol):
    """A boto3 client."""

    @property
    def meta(self) -> Any: ...


class CloudTime:
    """This machine's clock, set right by the Date header of every answer of AWS.

    Times of alarms are AWS's; times in the journal are those of whoever writes, and are compared with both. Until AWS
    has answered, the clock is taken as it is: what is decided on is always read first.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._wrong_by = timedelta()

    def corrected(self, clock: Callable[[], datetime]) -> Callable[[], datetime]:
        """A clock of this machine, right as soon as AWS has answered."""
        return lambda: clock() - self._wrong_by

    def listen_to(self, client: Client) -> None:
        """Hear of the time in every answer that the client gets."""
        # botocore hands both the same `context`; a retry's answer lies between them, too.
        client.meta.events.register("before-call", self._ask)
        client.meta.events.register("after-call", self._answer)

    def heard(self, asked: datetime, answered: datetime, date: datetime) -> None:
        """AWS said that it was `date`, cut to the second, at some moment between asking and having the answer."""
        early, late = asked - self._wrong_by, answered - self._wrong_by
        if early - AGREES_WITHIN <= date <= late + AGREES_WITHIN:
            return
        wrong_by = asked + (answered - asked) / 2 - (date + timedelta(seconds=0.5))
        self._wrong_by = wrong_by if abs(wrong_by) > AGREES_WITHIN else timedelta()

    def _ask(self, context: MutableMapping[str, Any], **_: object) -> None:
        context[_ASKED_AT] = self._clock()

    def _answer(self, http_response: Any, context: MutableMapping[str, Any], **_: object) -> None:
        said = http_response.headers.get("Date", "")
        try:
            date = parsedate_to_datetime(said)
        except ValueError:
            # No date, or none that can be read: other answers have one.
            return
        if _ASKED_AT in context:
            self.heard(context[_ASKED_AT], self._clock(), date.replace(tzinfo=date.tzinfo or UTC))
