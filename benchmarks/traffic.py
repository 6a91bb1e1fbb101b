"""From the alarm that is seen to the call that puts consumers back, beside the replay alone.

A process that watches sees an alarm ring when CloudWatch has answered `DescribeAlarms`. Timed is what it then does
until it sends Lambda's `UpdateAlias`, without the time that other calls to AWS take in between. What the way back takes
was worked out before, as that process does beside its rounds once a deploy is recorded. Backend, store, journal
and clients are real, CloudWatch and Lambda are moto's, and the engine, whose turn comes afterwards, is a double. The
replay alone moves consumers when it comes to the alias, and is over with `rollback undo`.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session

from benchmarks.stacks import stack_of
from benchmarks.states import queues, recorded
from benchmarks.timing import Counted, Measured, Row, side_by_side
from rollback_plugin.controller.beside import answered
from rollback_plugin.controller.decision import Action
from rollback_plugin.controller.fleet import Fleet
from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.controller.watch import Watch
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.stack import StackName
from rollback_plugin.stored import plain
from rollback_plugin.versions.service import LambdaTraffic, Policy, Service
from tests.embedded_aws.functions import deploy as deploy_function
from tests.embedded_aws.functions import publish
from tests.fleet.storm import alarm_of, make_alarm, write_update
from tests.fleet.storm_worker import AppliedAtOnce

SIZES, QUICK_SIZES = (10, 100, 1_000), (10,)
"""Numbers of resources."""
ALARMS, QUICK_ALARMS = 100, 3
"""How many are seen with each."""
REPLAYS = 3

SEEN_TO_MOVED = "alarm seen to consumers moved"
CALLS = "calls to AWS in between"
REPLAY = "the replay alone"
GROWTH = "p95 of the largest size, of the smallest one's"
ALL_SIZES = "all sizes"

FUNCTION, ALIAS, REGION = "orders", "live", "us-east-1"
CODE = "def handler(event, context): return {release}\n"


@dataclass(frozen=True, slots=True)
class Call:
    """A call to AWS, by the monotonic clock."""

    began: float
    ended: float
    asks: bytes
    """Its operation and parameters, as they are sent."""
    url: str

    @property
    def describes_alarms(self) -> bool:
        return b"DescribeAlarms" in self.asks

    @property
    def moves_consumers(self) -> bool:
        return self.url.endswith(f"/aliases/{ALIAS}") and b"FunctionVersion" in self.asks


def measured(quick: bool = False) -> dict[str, dict[str, Row]]:
    """By number of resources."""
    moved = _moved(QUICK_SIZES, QUICK_ALARMS) if quick else _moved(SIZES, ALARMS)
    rows: dict[str, dict[str, Row]] = {
        str(size): {SEEN_TO_MOVED: own, CALLS: called, REPLAY: _replayed(size, 1 if quick else REPLAYS)}
        for size, (own, called) in moved.items()
    }
    p95 = [own.wall_seconds.p95 for own, _ in moved.values()]
    rows[ALL_SIZES] = {GROWTH: Counted(round(p95[-1] / p95[0], 2), "times")}
    return rows


def _replayed(size: int, repetitions: int) -> Measured:
    with stack_of(size) as stack:
        return side_by_side({REPLAY: stack.undo}, repetitions, then=stack.recover, before={REPLAY: stack.plan})[REPLAY]


def _moved(sizes: Sequence[int], repetitions: int) -> dict[int, tuple[Measured, Measured]]:
    """By size, in turn: the machine doesn't stay as fast as it was, and the sizes are compared."""
    pairs: dict[int, list[tuple[float, float]]] = {size: [] for size in sizes}
    with EmbeddedAws(evaluation_interval_seconds=86_400.0) as aws, TemporaryDirectory() as folder:
        deploy_function(aws, FUNCTION, CODE.format(release=1))
        publish(aws, FUNCTION, CODE.format(release=2))
        state = Path(folder) / "state"
        environ = {**os.environ, **aws.environment, "PULUMI_BACKEND_URL": state.as_uri()}
        fleet = Fleet.of_backend(environ, Path(folder) / "scratch", lambda: datetime.now(UTC))
        # The first one opens connections and imports what it needs, as a process does that has just begun to watch.
        _one(aws, fleet, state, sizes[0], StackName("service-0", "prod"))
        for number in range(1, repetitions + 1):
            for size, taken in pairs.items():
                taken.append(_one(aws, fleet, state, size, StackName(f"service-{number}-of-{size}", "prod")))
    return {
        size: (Measured.of([own for own, _ in taken]), Measured.of([called for _, called in taken]))
        for size, taken in pairs.items()
    }


def _one(aws: EmbeddedAws, fleet: Fleet, state: Path, size: int, stack: StackName) -> tuple[float, float]:
    """Seconds of a new stack's rollback, and of the calls to AWS among what was done."""
    _deploy_twice(aws, state, stack, size)
    controller = _without_engine(fleet.open(stack), state)
    watching = Watch([controller])
    _require(watching, Action.WAIT)
    answered(controller.way_back)
    aws.client("cloudwatch").set_alarm_state(AlarmName=alarm_of(stack), StateValue="ALARM", StateReason="a benchmark")
    with _calls() as calls:
        _require(watching, Action.ROLL_BACK)
    seen = next(call for call in calls if call.describes_alarms)
    moved = next(call for call in calls if call.moves_consumers)
    called = sum(call.ended - call.began for call in calls if seen.ended <= call.began and call.ended <= moved.began)
    return moved.began - seen.ended - called, called


def _deploy_twice(aws: EmbeddedAws, state: Path, stack: StackName, size: int) -> None:
    """A healthy version, and a newer one, on which consumers are."""
    make_alarm(aws, stack)
    aws.client("cloudwatch").set_alarm_state(AlarmName=alarm_of(stack), StateValue="OK", StateReason="a benchmark")
    aws.client("lambda").update_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion="2")
    now = int(time.time())
    for release, ended, bake_seconds in (("1", now - 3600, 0), ("2", now - 5, 3600)):
        # Function, alias and service are three of them.
        resources = [*queues(stack, size - 3, release, changed=1), *_service(stack, release, bake_seconds)]
        write_update(state, stack, ended, "deploy", {"aws:region": REGION}, resources)


def _service(stack: StackName, release: str, bake_seconds: int) -> list[dict[str, Any]]:
    service = Service(
        name="orders",
        kind="lambda",
        alarms=(alarm_of(stack),),
        policy=Policy(bake_seconds=bake_seconds),
        traffic=LambdaTraffic(function=FUNCTION, alias=ALIAS, region=REGION, version=release),
    )
    pointed = {"name": ALIAS, "functionName": FUNCTION, "functionVersion": release}
    declared = {"service": plain(service)}
    return [
        recorded(stack, "aws:lambda/function:Function", "function", id=FUNCTION, outputs={"name": FUNCTION}),
        recorded(stack, "aws:lambda/alias:Alias", "alias", id="alias", outputs=pointed),
        recorded(stack, "rollback-plugin:index:LambdaService", "orders", custom=False, outputs=declared),
    ]


def _without_engine(controller: StackController, state: Path) -> StackController:
    engine = AppliedAtOnce(state, controller.stack)
    return replace(controller, replay=engine, operator=replace(controller.operator, replay=engine))


def _require(watching: Watch, action: Action) -> None:
    (outcome,) = watching.tick()
    if not isinstance(outcome, Round) or outcome.decision.action is not action:
        raise AssertionError(f"{action} was to be decided: {outcome}")


@contextmanager
def _calls() -> Iterator[list[Call]]:
    """Every call to AWS while this lasts, in order: where botocore hands a request over to HTTP."""
    calls: list[Call] = []
    send = URLLib3Session.send

    def timed_send(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        began = time.monotonic()
        answer = send(session, request)
        body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        asks = body + str(request.headers).encode()
        calls.append(Call(began, time.monotonic(), asks, request.url))
        return answer

    with patch.object(URLLib3Session, "send", timed_send):
        yield calls
