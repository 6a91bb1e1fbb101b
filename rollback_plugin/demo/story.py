"""The two incidents of the demo. Only the two faults are scripted; what follows them is the controller's own doing."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from rollback_plugin.backend.history import Backend, open_backend
from rollback_plugin.demo.checkout import STACK, Checkout, Deployment, example_stacks
from rollback_plugin.demo.consumer import Answer, SteadyConsumer
from rollback_plugin.demo.inventory import Inventory, inventory_service
from rollback_plugin.demo.judgement import Run, Stretch, judge, ringing
from rollback_plugin.demo.stage import Stage
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import EngineFailed, RollbackPluginError
from rollback_plugin.journal.entries import Recovered, RolledBack
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Status, Verdict
from rollback_plugin.report.receipt import Receipt
from rollback_plugin.report.timeline import Tone
from rollback_plugin.stack import StackName
from rollback_plugin.store import open_store

BAKE_SECONDS = 10
VERIFY_SECONDS = 15
ALARM_PERIOD_SECONDS = 10
MINIMUM_REQUESTS = 20
REQUESTS_PER_SECOND = 20.0
ALARM_EVALUATION_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.1
_ORDERS = StackName(project="orders", stack=STACK)
_UNHURT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What the demo's commands inherit of the person's environment: no login, no AWS credentials."""


class DemoFailed(RollbackPluginError):
    """Something the story waits for did not happen."""


def run(console: Console) -> Receipt:
    """Play the demo and judge it. Everything started ends with it; everything written is in a scratch folder.

    Raises `DemoFailed` where the story can't go on, `EngineFailed` where a deploy fails that should not.
    """
    with ExitStack() as resources:
        stage = Stage(console, _now)
        stage.headline("The stage")
        aws = resources.enter_context(EmbeddedAws(evaluation_interval_seconds=ALARM_EVALUATION_SECONDS))
        # Below the AWS' own folder, which is removed even if this process is killed: by the next one that starts.
        scratch = aws.scratch / "demo"
        scratch.mkdir()
        inventory = resources.enter_context(inventory_service())
        stage.say("an AWS on this machine is up, and the inventory service that orders depend on")
        return _Story(scratch, stage, aws, inventory, resources).play()


class _Story:
    def __init__(
        self, scratch: Path, stage: Stage, aws: EmbeddedAws, inventory: Inventory, resources: ExitStack
    ) -> None:
        self._stage = stage
        self._aws = aws
        self._inventory = inventory
        self._resources = resources
        self._environment = _environment(scratch, aws.environment)
        self._checkout = Checkout(scratch / "repository", example_stacks(), self._environment)
        backend_url = self._environment["PULUMI_BACKEND_URL"]
        self._backend: Backend = open_backend(backend_url, self._environment)
        self._journal = Journal(
            open_store(f"{backend_url}/.rollback", self._environment), _ORDERS, clock=_now, actor="demo"
        )
        self._watch_log = scratch / "watch.log"
        self._watching: subprocess.Popen[bytes] | None = None

    def play(self) -> Receipt:
        url = self._first_release()
        consumer = SteadyConsumer(url, REQUESTS_PER_SECOND, _now)
        with (
            consumer.sending(),
            self._stage.following(self._journal, consumer.answers),
            self._controller(),
        ):
            self._stage.say(f"a consumer sends {REQUESTS_PER_SECOND:.0f} requests a second from now on")
            self._until("version 1 is healthy", lambda status: _verdict(status, 1) is Verdict.HEALTHY)
            self._stage.say("version 1 is healthy", Tone.GOOD)
            bad_code, agrees_after_rollback = self._bad_code()
            refusal = self._same_content_again()
            self._fix()
            not_the_code, outage = self._not_the_code()
            self._stage.headline("The end")
            agrees_at_the_end = self._program_agrees(4)
        ended_at = _now()
        answers = consumer.answers()
        return judge(
            Run(
                entries=self._journal.entries(),
                answers=answers,
                releases=self._releases(answers),
                bad_code=bad_code,
                not_the_code=not_the_code,
                outage=outage,
                refusal=refusal,
                agrees_after_rollback=agrees_after_rollback,
                agrees_at_the_end=agrees_at_the_end,
                ended_at=ended_at,
                duration_seconds=self._stage.elapsed_seconds,
            )
        )

    def _first_release(self) -> str:
        """Deploy release 1 and the consumer stack; the URL that the consumer stack read."""
        checkout = self._checkout
        checkout.create()
        checkout.create_stack(
            checkout.orders,
            {
                "aws:region": self._environment["AWS_REGION"],
                "orders:inventoryUrl": self._inventory.url,
                "orders:alarmPeriodSeconds": str(ALARM_PERIOD_SECONDS),
                "orders:minimumRequests": str(MINIMUM_REQUESTS),
                "orders:bakeSeconds": str(BAKE_SECONDS),
                "orders:verifySeconds": str(VERIFY_SECONDS),
            },
        )
        self._stage.say("pulumi up: orders, release 1", Tone.ACTION)
        _must(checkout.deploy(checkout.orders), "release 1")
        checkout.create_stack(checkout.storefront, {"aws:region": self._environment["AWS_REGION"]})
        self._stage.say("pulumi up: storefront, which reads the outputs of orders", Tone.ACTION)
        _must(checkout.deploy(checkout.storefront), "the storefront")
        return checkout.output(checkout.storefront, "ordersUrl")

    def _bad_code(self) -> tuple[Stretch, bool]:
        self._stage.headline("Incident 1: bad code")
        began = _now()
        self._deploy(2, "a fault in a share of the requests")
        self._until("version 2 is rolled back", lambda _: self._happened(RolledBack, undoes=2))
        agrees = self._program_agrees(1)
        self._until("the rollback is verified", lambda status: status.verifying is None)
        return Stretch(began, _now()), agrees

    def _same_content_again(self) -> str | None:
        self._checkout.select_release(2)
        self._stage.say("pulumi up: orders, release 2 again", Tone.ACTION)
        again = self._checkout.deploy(self._checkout.orders)
        if again.succeeded or "quarantine" not in again.output:
            return None
        self._stage.say(_refusal(again.output), Tone.ATTENTION)
        return again.output

    def _fix(self) -> None:
        self._deploy(3, "the fix")
        self._until("version 3 is healthy", lambda status: _verdict(status, 3) is Verdict.HEALTHY)
        self._stage.say("version 3 is healthy", Tone.GOOD)

    def _not_the_code(self) -> tuple[Stretch, Stretch]:
        self._stage.headline("Incident 2: not the code")
        began = _now()
        with ThreadPoolExecutor(max_workers=1) as deploying:
            deploy = deploying.submit(self._deploy, 4, "a harmless feature")
            self._until_locked(deploy)
            self._inventory.fail()
            failing_since = _now()
            self._stage.say("the inventory service begins to fail", Tone.BAD)
            deploy.result()
        self._until("version 4 is recovered", lambda _: self._happened(Recovered, target=4))
        self._inventory.mend()
        outage = Stretch(failing_since, _now())
        self._stage.say("the inventory service is back", Tone.GOOD)
        self._until("version 4 is healthy", lambda status: _verdict(status, 4) is Verdict.HEALTHY)
        self._stage.say("version 4 is healthy", Tone.GOOD)
        self._until("no alarm rings any more", lambda status: not ringing(status))
        return Stretch(began, _now()), outage

    def _deploy(self, release: int, what: str) -> None:
        """Commit and deploy a release of orders, as a person would."""
        self._checkout.select_release(release)
        self._stage.say(f"pulumi up: orders, release {release}: {what}", Tone.ACTION)
        _must(self._checkout.deploy(self._checkout.orders), f"release {release}")

    def _program_agrees(self, release: int) -> bool:
        """Whether the release's own program, run as a preview, sees nothing to change."""
        self._checkout.select_release(release)
        preview = self._checkout.preview_shows_no_change(self._checkout.orders)
        words = f"pulumi preview --expect-no-changes with release {release}'s program: "
        if preview.succeeded:
            self._stage.say(words + "no change", Tone.GOOD)
        else:
            self._stage.say(words + f"changes!\n{preview.output}", Tone.BAD)
        return preview.succeeded

    def _until(self, what: str, holds: Callable[[Status], bool]) -> None:
        """Wait until the journal says so. Raises `DemoFailed` after a minute, or when the controller has ended."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not holds(self._journal.status(_now())):
            ended = self._watching is not None and self._watching.poll() is not None
            if ended or time.monotonic() > deadline:
                why = "The controller ended" if ended else f"Waited {_PATIENCE_SECONDS:.0f} s"
                last_words = self._watch_log.read_text()[-2000:] or "none"
                raise DemoFailed(f"{why}, and still not: {what}. The controller's last words: {last_words}")
            time.sleep(_POLL_SECONDS)

    def _releases(self, answers: Sequence[Answer]) -> dict[str, str]:
        """Which release each function version that answered is, as Lambda has it on record."""
        functions = self._aws.client("lambda")
        name = self._checkout.output(self._checkout.orders, "functionName")
        versions = {answer.function_version for answer in answers if answer.function_version}
        records = {v: functions.get_function_configuration(FunctionName=name, Qualifier=v) for v in versions}
        return {version: record["Environment"]["Variables"]["RELEASE"] for version, record in records.items()}

    def _happened(self, kind: type[RolledBack | Recovered], **details: int) -> bool:
        """Whether the journal has an entry of that kind with those details."""
        return any(
            isinstance(entry.event, kind) and all(getattr(entry.event, k) == v for k, v in details.items())
            for entry in self._journal.entries()
        )

    def _until_locked(self, deploy: Future[None]) -> None:
        """Wait until the engine holds the stack's lock: the update is under way."""
        while not deploy.done() and not self._backend.locks(_ORDERS):
            time.sleep(_POLL_SECONDS)

    @contextmanager
    def _controller(self) -> Iterator[None]:
        """`rollback watch` on the orders stack, as its own process, until the block ends."""
        command = [sys.executable, "-m", "rollback_plugin.demo.attended"]
        command += [sys.executable, "-m", "rollback_plugin.cli", "watch", "--interval", "1"]
        command += ["--cwd", str(self._checkout.orders), "--stack", STACK]
        with self._watch_log.open("w") as log:
            self._watching = subprocess.Popen(
                command,
                cwd=self._checkout.root,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            self._stage.say("rollback watch: the controller looks at the stack and its alarms every second")
            try:
                yield
            finally:
                self._watching.communicate()


def _environment(scratch: Path, aws: Mapping[str, str]) -> dict[str, str]:
    """What the demo's commands see: a backend and a passphrase of its own, and the AWS in the box."""
    state = scratch / "state"
    state.mkdir()
    inherited = {name: os.environ[name] for name in _UNHURT if name in os.environ}
    # The official language host runs the `python3` it finds; it must be one that has this package.
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)])
    return {
        **inherited,
        **aws,
        "PATH": path,
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(16),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def _must(deployment: Deployment, what: str) -> None:
    if not deployment.succeeded:
        raise EngineFailed(f"`pulumi up` of {what} failed; the engine said:\n{deployment.output.strip()}")


def _verdict(status: Status, number: int) -> Verdict | None:
    return next((version.verdict for version in status.versions if version.number == number), None)


def _refusal(output: str) -> str:
    """The line of the engine's output that says why, without its beginning, which only names the resource."""
    line = next(line for line in output.splitlines() if "quarantine" in line)
    return f"refused: {line.partition('error: ')[2].strip()}"


def _now() -> datetime:
    return datetime.now(UTC)
