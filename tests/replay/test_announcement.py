"""Many updates are announced in the state at once: what is killed, or fails, in the middle of them leaves as much word
as if the engine had written each."""

import os
import signal
from collections.abc import Mapping

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import EngineFailed
from rollback_plugin.replay.announcement import FEWEST
from rollback_plugin.replay.events import EngineEvent, EngineStarted, ResourceStep
from tests.replay.backend_files import pending
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

NAMES = [f"topic-{number}" for number in range(FEWEST)]


def program(text: str) -> Program:
    names = "".join(f"aws.sns.Topic('{name}', display_name='{text}')\n" for name in NAMES)
    rest = "aws.ssm.Parameter('key', type='SecureString', value=pulumi.Output.secret('always'))\n"
    return Program(f"import pulumi\nimport pulumi_aws as aws\n{names}{rest}pulumi.export('text', '{text}')")


class Changing:
    """Two versions that differ in as many topics as are announced."""

    def __init__(self, stack: DeployedStack, aws: EmbeddedAws) -> None:
        self.stack = stack
        self._aws = aws
        self.older = stack.deploy(program("older"))
        self.newer = stack.deploy(program("newer"))
        self.topics = {name: stack.resource(name)["id"] for name in NAMES}

    def in_the_cloud(self) -> Mapping[str, str]:
        sns = self._aws.client("sns")
        return {
            name: sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"]
            for name, topic in self.topics.items()
        }

    def in_the_state(self) -> Mapping[str, str]:
        return {name: self.stack.resource(name)["inputs"]["displayName"] for name in NAMES}

    def names_pending(self) -> set[str]:
        operations = pending(self.stack)
        assert {operation["type"] for operation in operations} <= {"updating"}
        return {operation["resource"]["urn"].rpartition("::")[2] for operation in operations}

    def kill_the_engine_amid_the_rollback(self) -> None:
        engines: list[int] = []
        done: list[ResourceStep] = []

        def kill_at_the_third(event: EngineEvent) -> None:
            if isinstance(event, EngineStarted):
                engines.append(event.process_id)
            if isinstance(event, ResourceStep) and event.operation == "update" and event.stage == "finished":
                done.append(event)
                if len(done) == 3:
                    os.kill(engines[-1], signal.SIGKILL)

        with pytest.raises(EngineFailed):
            self.stack.replay().apply(self.older, "operation-1", "rollback", on_event=kill_at_the_third)
        (left,) = self.stack.backend.locks(self.stack.name)
        self.stack.backend.break_lock(self.stack.name, left)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, aws: EmbeddedAws) -> Changing:
    return Changing(DeployedStack(tmp_path_factory.mktemp("announcement"), aws), aws)


@pytest.fixture
def changing(deployed: Changing) -> Changing:
    """At its newer version, whatever the test before left."""
    deployed.stack.replay().apply(deployed.newer, "operation-0", "recovery")
    assert {*deployed.in_the_cloud().values()} == {"newer"}
    return deployed


def test_the_state_is_written_before_the_first_of_them_and_after_the_last(changing: Changing) -> None:
    stack, seen = changing.stack, dict[str, set[str]]()

    def look(event: EngineEvent) -> None:
        if isinstance(event, ResourceStep) and event.operation == "update":
            seen[stack.backend.state_revision(stack.name)] = changing.names_pending()

    stack.replay().apply(changing.older, "operation-1", "rollback", on_event=look)

    assert list(seen.values()) == [{*NAMES}]
    assert changing.names_pending() == set()
    assert {*changing.in_the_cloud().values()} == {"older"}
    stack.must_be(program("older"))


@pytest.mark.parametrize("onward", ["older", "newer"])
def test_after_a_kill_in_the_middle_either_version_is_reached(changing: Changing, onward: str) -> None:
    stack = changing.stack

    changing.kill_the_engine_amid_the_rollback()

    assert changing.names_pending() == {*NAMES}
    assert {*changing.in_the_state().values()} == {"newer"}
    assert "older" in changing.in_the_cloud().values()

    target = changing.older if onward == "older" else changing.newer
    stack.replay().apply(target, "operation-2", "rollback" if onward == "older" else "recovery")

    assert changing.names_pending() == set()
    assert {*changing.in_the_cloud().values()} == {onward}
    stack.must_be(program(onward))


def test_a_deploy_after_such_a_kill_is_warned_of_each_by_name_and_a_refresh_puts_it_right(changing: Changing) -> None:
    stack = changing.stack
    changing.kill_the_engine_amid_the_rollback()

    said = stack.pulumi("up", "--yes", "--skip-preview")

    assert f"with {FEWEST} pending operations from previous deployment" in said
    assert all(f"::{name}, interrupted while updating" in said for name in NAMES)
    stack.pulumi("refresh", "--yes", "--skip-preview")
    stack.pulumi("up", "--yes", "--skip-preview")
    assert {*changing.in_the_cloud().values()} == {"newer"}


def test_after_a_failure_in_the_middle_the_state_says_what_was_done(changing: Changing, aws: EmbeddedAws) -> None:
    stack = changing.stack
    aws.client("sns").delete_topic(TopicArn=changing.topics.pop("topic-7"))

    with pytest.raises(EngineFailed, match="Topic::topic-7"):
        stack.replay().apply(changing.older, "operation-1", "rollback")

    told = dict(changing.in_the_state())
    assert told.pop("topic-7") == "newer"
    assert told == changing.in_the_cloud()
    assert "older" in told.values()
    assert changing.names_pending() == set()

    stack.pulumi("refresh", "--yes", "--skip-preview")
    stack.replay().apply(changing.older, "operation-1", "rollback")

    stack.must_be(program("older"))
