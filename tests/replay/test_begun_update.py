"""Where a plan is known, the engine begins its update while secrets are being opened; what turns out not to be wanted
is given up, with nothing touched."""

from pathlib import Path

import pytest

from rollback_plugin.backend.project import open_project
from rollback_plugin.errors import NotReplayable
from rollback_plugin.journal.options import DEFAULT_OPTIONS
from rollback_plugin.replay.apply import Replay
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.events import EngineEvent, EngineStarted
from rollback_plugin.replay.known_plans import KnownPlan, KnownPlans, Question
from rollback_plugin.replay.state_copies import StateCopies
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.eventually import eventually
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

OPERATION = "operation-1"


def program(text: str) -> Program:
    return Program(
        "import pulumi\nimport pulumi_aws as aws\n"
        f'aws.ssm.Parameter("key", type="SecureString", value=pulumi.Output.secret("{text}"))\n'
        f'aws.sns.Topic("topic", display_name="{text}")\n'
        f'bucket = aws.s3.Bucket("bucket")\n'
        f'aws.s3.BucketObject("page", bucket=bucket.id, key="page", source=pulumi.FileAsset("page.html"))\n',
        {"page.html": text},
    )


OLDER, NEWER = program("older"), program("newer")


class Known:
    """Two versions, and a process that finds the plan to go back."""

    def __init__(self, stack: DeployedStack) -> None:
        self.stack = stack
        self.first = stack.deploy(OLDER)
        stack.deploy(NEWER)
        self.plans = KnownPlans(stack.store, stack.name, stack.environment)
        self.replay().plan(self.first)

    def replay(self, copies: type[StateCopies] = StateCopies, archive: type[VersionArchive] = VersionArchive) -> Replay:
        """copies: what opens secrets."""
        stack = self.stack
        engine = Engine(open_project(stack.root, stack.name.stack, stack.environment), stack.environment)
        engine.copies = copies(stack.name, stack.environment)
        versions = archive(stack.store, stack.name)
        return Replay(stack.name, engine, stack.backend, versions, known_plans=self.plans)

    @property
    def held(self) -> bool:
        """Whether an engine holds the stack."""
        return bool(self.stack.backend.locks(self.stack.name))

    @property
    def outcomes(self) -> list[bool]:
        """Of updates of our operation, whether they succeeded."""
        updates = self.stack.backend.updates(self.stack.name)
        return [update.succeeded for update in updates if update.operation == OPERATION]


@pytest.fixture
def known(stack: DeployedStack) -> Known:
    return Known(stack)


def test_the_engine_holds_the_stack_while_secrets_are_opened_and_is_then_carried_on_with(known: Known) -> None:
    held: list[bool] = []
    started: list[EngineEvent] = []

    class Opening(StateCopies):
        def decrypt(self, *checkpoints: Checkpoint) -> tuple[Checkpoint, ...]:
            held.append(eventually(60, lambda: known.held))
            return super().decrypt(*checkpoints)

    replay = known.replay(Opening)
    replay.apply(known.first, OPERATION, "rollback", on_event=started.append)

    assert held == [True]
    assert known.outcomes == [True], "one update did it"
    assert len([event for event in started if isinstance(event, EngineStarted)]) == 1
    known.stack.must_be(OLDER)


def test_the_version_s_state_is_read_once(known: Known) -> None:
    read: list[int] = []

    class Reading(VersionArchive):
        def checkpoint(self, number: int) -> Checkpoint:
            read.append(number)
            return super().checkpoint(number)

    known.replay(archive=Reading).apply(known.first, OPERATION, "rollback")

    assert read == [known.first]
    known.stack.must_be(OLDER)


def test_what_nobody_carries_on_with_touches_nothing_and_lets_go(known: Known) -> None:
    replay = known.replay()
    before = known.stack.resource("topic")

    with replay.begun(known.first, OPERATION, "rollback"):
        assert replay.has_begun(OPERATION)
        assert eventually(60, lambda: known.held)

    assert not replay.has_begun(OPERATION)
    assert not known.held
    assert known.outcomes == [False]
    assert known.stack.resource("topic") == before
    known.stack.must_be(NEWER)


def test_with_bytes_gone_the_engine_does_not_even_begin(known: Known) -> None:
    for blob in (Path(known.stack.store.location.removeprefix("file://"))).rglob("blobs/**/*"):
        if blob.is_file() and blob.read_bytes() == b"older":
            blob.unlink()
    before = known.stack.files_of_backend()

    with pytest.raises(NotReplayable, match="page"):
        known.replay().apply(known.first, OPERATION, "rollback")

    assert known.stack.files_of_backend() == before


def test_a_plan_that_confines_the_update_to_something_else_is_not_gone_by(known: Known) -> None:
    version = known.stack.archive.read(known.first)
    question = Question(version, DEFAULT_OPTIONS, known.stack.state)
    found = known.plans.find(question)
    assert found is not None
    (bucket,) = [step.urn for step in found.plan.steps if step.urn.endswith("::bucket")]
    known.plans.keep(question, KnownPlan(found.plan, (bucket,)))

    known.replay().apply(known.first, OPERATION, "rollback")

    assert known.outcomes == [False, True]
    known.stack.must_be(OLDER)


def test_a_plan_that_is_not_known_begins_nothing(known: Known) -> None:
    replay = known.replay()
    before = known.stack.files_of_backend()

    with replay.begun(known.first + 1, OPERATION, "recovery"):
        assert not replay.has_begun(OPERATION)

    assert known.stack.files_of_backend() == before
