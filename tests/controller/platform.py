"""The orders example, deployed into an AWS of its own, with consumers, and the controller that watches over it."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import httpx

from rollback_plugin.backend.project import open_project
from rollback_plugin.controller.operated_stack import ignore_progress, operated_stack, utc_now
from rollback_plugin.controller.progress import Progress
from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.status import Status
from tests.components.inventory import Inventory
from tests.components.project import Deployed

RELEASES = Path(__file__).parents[2] / "stacks" / "releases"
PATIENCE_SECONDS = 90
"""Alarms of 10 s periods need up to three of them to ring or to clear."""


@dataclass
class Platform:
    """What a team has: a project, its cloud, and what the service depends on."""

    aws: EmbeddedAws
    orders: Deployed
    inventory: Inventory
    environment: Mapping[str, str]

    def controller(self, on_progress: Callable[[Progress], None] = ignore_progress) -> StackController:
        """A controller as a new process would make it."""
        project = open_project(self.orders.folder, self.orders.stack, self.environment)
        return operated_stack(project, self.environment, utc_now, on_progress).watched()

    def deploy(self, release: int, **config: object) -> None:
        """Deploy a release with the plain command line, as people do."""
        if release > 1:
            self.orders.lay_over(RELEASES / f"release_{release}")
        if config:
            self.orders.configure(**config)
        self.orders.up()
        self.controller().recorder.record()

    def rollback(self, *command: str) -> str:
        """What the command says; it has to succeed."""
        ended = subprocess.run(
            [sys.executable, "-m", "rollback_plugin.cli", *command, "--stack", self.orders.stack],
            cwd=self.orders.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    @cached_property
    def function_name(self) -> str:
        return str(self.orders.outputs()["functionName"])

    def function_version(self) -> str:
        """The function version that consumers are on."""
        return self.aws.client("lambda").get_alias(FunctionName=self.function_name, Name="live")["FunctionVersion"]

    def send_requests(self, count: int, currency: str = "EUR") -> Counter[int]:
        """Consumers call the service; the answers' HTTP statuses."""
        url = self.aws.function_url(self.function_name, "live")
        statuses: Counter[int] = Counter()
        with httpx.Client(timeout=10) as consumer:
            for _ in range(count):
                answer = consumer.get(url, params={"sku": "lamp", "quantity": "1", "currency": currency})
                statuses[answer.status_code] += 1
        return statuses

    def watch_until(
        self, reached: Callable[[Status], bool], *, currency: str = "EUR", controller: StackController | None = None
    ) -> list[Round]:
        """Tick, with requests coming in, until the stack's status is what is waited for; what each tick decided."""
        controller = controller or self.controller()
        watch = Watch([controller])
        rounds: list[Round] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached(controller.status()):
            decided = [(r.decision.action, r.decision.reason) for r in rounds]
            assert time.monotonic() < deadline, f"not reached: {decided[-20:]}, {controller.status()}"
            self.send_requests(3, currency)
            (outcome,) = watch.tick()
            assert not isinstance(outcome, FailedRound), outcome.error
            rounds.append(outcome)
            time.sleep(0.5)
        return rounds
