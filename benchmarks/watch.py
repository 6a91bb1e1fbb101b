"""One tick of `rollback watch --all` over many stacks of a folder, with an alarm each, where nothing happens."""

import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.timing import Measured, side_by_side
from rollback_plugin.controller.fleet import Fleet
from rollback_plugin.controller.stack_controller import Round
from rollback_plugin.controller.watch import Watch
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.stack import StackName
from tests.fleet.storm import deploy, make_alarm

SIZES = (100, 1_000)
QUICK_SIZES = (10,)
REPETITIONS = 5


def measured(quick: bool = False) -> dict[str, dict[str, Measured]]:
    """By number of stacks."""
    return {str(size): _measured(size) for size in (QUICK_SIZES if quick else SIZES)}


def _measured(size: int) -> dict[str, Measured]:
    with EmbeddedAws(evaluation_interval_seconds=86_400.0) as aws, TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        for number in range(size):
            stack = StackName(f"service-{number}", "prod")
            deploy(state, stack)
            make_alarm(aws, stack)
        environ = {**os.environ, **aws.environment, "PULUMI_BACKEND_URL": state.as_uri()}
        fleet = Fleet.of_backend(environ, Path(folder) / "scratch", lambda: datetime.now(UTC))
        watching = Watch(fleet.open_new([]))
        first = side_by_side({"first tick, which records the deploys": lambda: _tick(watching)}, 1)
        return first | side_by_side({"tick": lambda: _tick(watching)}, REPETITIONS)


def _tick(watching: Watch) -> None:
    outcomes = watching.tick()
    if not all(isinstance(outcome, Round) and outcome.missing is None for outcome in outcomes):
        raise AssertionError("a stack could not be looked at")
