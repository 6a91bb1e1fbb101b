"""A consumer of the orders service: steady requests, every answer counted."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx

_SKUS = ("lamp", "chair", "desk", "lamp", "desk")
_CURRENCIES = ("EUR", "USD", "GBP")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request."""

    time: datetime
    succeeded: bool
    function_version: str | None
    """The published function version that answered; None where nothing did."""
    release: str | None
    """The release that answered, as it says of itself; failures say nothing."""
    failure: str | None
    """The function's error type, or how the connection failed."""


class SteadyConsumer:
    """Sends `requests_per_second` to `url` whatever the answers are, and keeps all of them."""

    def __init__(self, url: str, requests_per_second: float, clock: Callable[[], datetime]) -> None:
        self._url = url
        self._interval_seconds = 1 / requests_per_second
        self._clock = clock
        self._answers: list[Answer] = []
        self._guard = threading.Lock()

    def answers(self) -> tuple[Answer, ...]:
        """Everything answered so far, in order of arrival."""
        with self._guard:
            return tuple(self._answers)

    @contextmanager
    def sending(self, connections: int = 4) -> Iterator[None]:
        """Send from `connections` threads until the block ends; requests under way are finished and counted."""
        stopped = threading.Event()
        numbers = itertools.count()
        began = time.monotonic()

        def send() -> None:
            with httpx.Client(timeout=10) as client:
                while not stopped.is_set():
                    with self._guard:
                        number = next(numbers)
                    stopped.wait(max(0.0, began + number * self._interval_seconds - time.monotonic()))
                    if stopped.is_set():
                        return
                    answer = self._ask(client, number)
                    with self._guard:
                        self._answers.append(answer)

        threads = [threading.Thread(target=send, name=f"consumer-{n}", daemon=True) for n in range(connections)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stopped.set()
            for thread in threads:
                thread.join()

    def _ask(self, client: httpx.Client, number: int) -> Answer:
        order = {"sku": _SKUS[number % 5], "quantity": str(1 + number % 4), "currency": _CURRENCIES[number % 3]}
        try:
            response = client.get(self._url, params=order)
        except httpx.HTTPError as failure:
            return Answer(self._clock(), False, None, None, type(failure).__name__)
        version = response.headers.get("X-Amz-Executed-Version")
        if response.is_success:
            return Answer(self._clock(), True, version, str(response.json().get("release")), None)
        return Answer(self._clock(), False, version, None, _failure(response))


def _failure(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return f"HTTP {response.status_code}"
    return str(body.get("errorType") or f"HTTP {response.status_code}") if isinstance(body, dict) else "HTTP"
