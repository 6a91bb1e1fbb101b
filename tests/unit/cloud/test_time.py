"""A machine's clock is set right by what AWS's answers say."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from rollback_plugin.cloud.time import CloudTime

NOON = datetime(2026, 3, 1, 12, 0, 0, 400_000, tzinfo=UTC)
A_LITTLE = timedelta(seconds=2)


class Machine:
    """With a clock that is wrong, and CloudWatch answering it over a wire that takes its time."""

    def __init__(
        self, wrong_by: timedelta, takes: timedelta = timedelta(), headers: dict[str, str] | None = None
    ) -> None:
        self.true = NOON
        self.wrong_by = wrong_by
        self.takes = takes
        self.headers = headers
        self.cloud_time = CloudTime(self.clock)
        self.corrected = self.cloud_time.corrected(self.clock)
        self.client = boto3.client(
            "cloudwatch", region_name="eu-central-1", aws_access_key_id="key", aws_secret_access_key="secret"
        )
        # botocore takes what such a handler returns for the answer; its stubs don't know that.
        self.client.meta.events.register("before-send", cast("Any", self._answer))
        self.cloud_time.listen_to(self.client)

    def clock(self) -> datetime:
        return self.true + self.wrong_by

    def asks(self) -> None:
        self.client.describe_alarms()

    def _answer(self, **_: Any) -> AWSResponse:
        headers = {"Date": format_datetime(self.true, usegmt=True)} if self.headers is None else self.headers
        self.true += self.takes

        class Body:
            def stream(self, **_: Any) -> Iterator[bytes]:
                yield b"{}"

        return AWSResponse("https://aws", 200, cast("Any", headers), Body())


@pytest.mark.parametrize("minutes", [-5, -1, 1, 5, 600])
def test_a_wrong_clock_is_right_after_one_answer(minutes: int) -> None:
    machine = Machine(timedelta(minutes=minutes))
    assert machine.corrected() == machine.clock()

    machine.asks()

    assert abs(machine.corrected() - machine.true) <= A_LITTLE


@pytest.mark.parametrize("seconds", [-1.5, 0, 0.3, 1.5])
def test_a_right_clock_is_left_alone(seconds: float) -> None:
    machine = Machine(timedelta(seconds=seconds))

    machine.asks()

    assert machine.corrected() == machine.clock()


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_a_slow_answer_does_not_make_it_wrong(minutes: int) -> None:
    machine = Machine(timedelta(minutes=minutes))
    machine.asks()
    right = machine.corrected() - machine.true

    machine.takes = timedelta(seconds=20)
    for _ in range(5):
        machine.asks()

    assert machine.corrected() - machine.true == right


def test_a_clock_that_somebody_sets_meanwhile_is_followed() -> None:
    machine = Machine(timedelta(minutes=5))
    machine.asks()

    machine.wrong_by = timedelta()
    machine.asks()

    assert machine.corrected() == machine.clock()


@pytest.mark.parametrize("headers", [{}, {"Date": ""}, {"Date": "yesterday"}])
def test_an_answer_without_a_time_says_nothing(headers: dict[str, str]) -> None:
    machine = Machine(timedelta(minutes=5), headers=headers)

    machine.asks()

    assert machine.corrected() == machine.clock()
