"""Events that come late, twice, in another order, or not at all: the workers do the same, and journal the same."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import stamina
from hypothesis import given, settings
from hypothesis import strategies as st

from rollback_plugin.journal.entries import AlarmState, Detection, Planned
from rollback_plugin.stored import plain
from tests.unit.controller.place import SHOP, TICK, Place

Hint = tuple[float, Literal["deploy", "alarm", "tick"]]
"""When it arrives, in seconds after the deploy ended, and what it is about."""

RINGS_AFTER = 60.0
"""Seconds from the deploy's end to the alarm."""
LAST_TICK = 540.0
"""Still in the version's bake window of ten minutes."""
BODIES = {
    "deploy": json.dumps(
        {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {"object": {"key": ".pulumi/history/shop/dev/dev-1772455000.checkpoint.json"}},
        }
    ),
    "alarm": json.dumps(
        {
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "detail": {"alarmName": "shop-errors"},
        }
    ),
    "tick": TICK,
}


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class Incident:
    """A version is deployed by plain `pulumi up`, and its alarm rings a minute later, until it is rolled back."""

    def __init__(self, folder: Path) -> None:
        for name in ("store", "state"):
            (folder / name).mkdir()
        self.place = Place(folder)
        self.stand = self.place.add(SHOP)
        self.workers = [self.place.worker(), self.place.worker()]
        self.stand.wait(30)
        self.began = self.stand.now
        deployed = self.stand.deploy_unrecorded()
        self.stand.recorder.pending.append(lambda: self.stand.journal.append_next(deployed))

    def tell(self, hints: Sequence[Hint]) -> None:
        """What arrives, and two ticks at the end: one finds what nobody told of, one what became of it."""
        for seconds, about in [*sorted(hints), (LAST_TICK, "tick"), (LAST_TICK + 30, "tick")]:
            moment = max(self.began + timedelta(seconds=seconds), self.stand.now)
            self.place.queue.now += (moment - self.stand.now).total_seconds()
            self.stand.now = moment
            self._evaluate_alarm()
            self.place.queue.put(BODIES[about], about)
            self.place.until_empty(*self.workers)

    def _evaluate_alarm(self) -> None:
        rings_at = self.began + timedelta(seconds=RINGS_AFTER)
        state = self.place.cloudwatch.alarms[self.stand.alarm]["StateValue"]
        if "rolled_back" in self.stand.events:
            if state == AlarmState.ALARM:
                self.place.cloudwatch.put(self.stand.alarm, AlarmState.OK, self.stand.now)
        elif rings_at <= self.stand.now:
            self.place.cloudwatch.put(self.stand.alarm, AlarmState.ALARM, rings_at)

    @property
    def journal(self) -> list[dict[str, Any]]:
        """What happened, apart from times, names of operations, and what is worked out beside the rounds."""
        return [
            {name: value for name, value in plain(event).items() if name not in ("since", "operation")}
            for event in self.stand.happened()
            if not isinstance(event, Planned | Detection)
        ]


@pytest.fixture(scope="module")
def as_it_should_be(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The journal where both events come once, in their order, and at once."""
    with stamina.set_testing(True, attempts=3, cap=True):
        incident = Incident(tmp_path_factory.mktemp("in-order"))
        incident.tell([(1, "deploy"), (61, "alarm")])
    assert incident.stand.events.count("rollback_started") == 1
    assert incident.stand.events[-1] == "rollback_verified"
    return incident.journal


@pytest.mark.parametrize(
    "hints",
    [
        pytest.param([(61, "alarm"), (62, "deploy")], id="the alarm before the deploy"),
        pytest.param([(1, "deploy"), (61, "alarm"), (61, "alarm"), (62, "alarm")], id="the alarm three times"),
        pytest.param([(1, "deploy"), (1, "deploy"), (61, "alarm"), (90, "deploy")], id="the deploy three times"),
        pytest.param([(61, "alarm")], id="the deploy not at all"),
        pytest.param([(1, "deploy"), (120, "tick")], id="the alarm not at all, but a tick"),
        pytest.param([], id="nothing but the last ticks"),
        pytest.param([(301, "deploy"), (481, "alarm")], id="both minutes late"),
        pytest.param([(901, "alarm")], id="only after the bake"),
        pytest.param([(1, "deploy"), (2, "alarm"), (61, "alarm")], id="an alarm before it rang"),
        pytest.param([(1, "deploy"), (61, "alarm"), (61, "tick"), (61, "deploy")], id="all at once"),
    ],
)
def test_the_end_is_the_same(tmp_path: Path, hints: list[Hint], as_it_should_be: list[dict[str, Any]]) -> None:
    incident = Incident(tmp_path)

    incident.tell(hints)

    assert incident.journal == as_it_should_be
    assert incident.place.queue.dead == []


@settings(max_examples=15)
@given(hints=st.lists(st.tuples(st.floats(0, LAST_TICK), st.sampled_from(["deploy", "alarm", "tick"])), max_size=8))
def test_the_end_is_the_same_whatever_comes_when(
    tmp_path_factory: pytest.TempPathFactory, hints: list[Hint], as_it_should_be: list[dict[str, Any]]
) -> None:
    incident = Incident(tmp_path_factory.mktemp("any-order"))

    incident.tell(hints)

    assert incident.journal == as_it_should_be
