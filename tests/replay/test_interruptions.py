"""Killed half-way, a rollback leaves no process behind, and running it again gets it done."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import EngineFailed
from rollback_plugin.replay.events import EngineEvent, EngineStarted, ResourceStep
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

ENGINE_END_SECONDS = 60
"""How long an engine may take to notice, to finish what it is doing, and to end."""
PLUGIN_END_SECONDS = 360
"""The stand-in looks twice a second whether its engine is there, the official plugin every five minutes (pulumi/pulumi,
pkg/resource/provider/main.go)."""


def program(text: str) -> Program:
    names = "".join(f"aws.sns.Topic('topic-{number}', display_name='{text}')\n" for number in range(5))
    return Program(f"import pulumi\nimport pulumi_aws as aws\n{names}pulumi.export('text', '{text}')")


@pytest.mark.timeout(2 * PLUGIN_END_SECONDS)
@pytest.mark.parametrize("with_engine", [False, True], ids=["alone", "with its engine"])
def test_a_killed_process_leaves_no_process_and_a_second_run_converges(stack: DeployedStack, with_engine: bool) -> None:
    older, newer = program("older"), program("newer")
    target = stack.deploy(older)
    stack.deploy(newer)
    script = Path(__file__).with_name("interrupted_apply.py")

    killed = subprocess.run(
        [
            sys.executable,
            *(str(script), str(stack.root), str(stack.root.parent / "store"), str(target)),
            *(["with-engine"] if with_engine else []),
        ],
        env={**stack.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert killed.returncode == -9, killed.stderr
    engine, *plugins = map(int, killed.stdout.split())
    must_end([engine], ENGINE_END_SECONDS)
    assert plugins
    must_end(plugins, PLUGIN_END_SECONDS)
    locks = stack.backend.locks(stack.name)
    assert [lock.pid for lock in locks] == ([engine] if with_engine else [])
    for lock in locks:
        stack.backend.break_lock(stack.name, lock)

    stack.replay().apply(target, "operation-1", "rollback")

    stack.must_be(older)
    assert stack.outputs() == {"text": "older"}


def must_end(process_ids: Sequence[int], seconds: float) -> None:
    """Fail unless they end within so many seconds."""
    running = [process for process in psutil.process_iter() if process.pid in process_ids]
    _, alive = psutil.wait_procs(running, timeout=seconds)
    assert alive == []


def test_after_a_failure_half_way_a_second_run_converges(stack: DeployedStack, aws: EmbeddedAws) -> None:
    older = Program(program("older").code + "\naws.ssm.Parameter('taken', name='/taken', type='String', value='x')")
    target = stack.deploy(older)
    stack.deploy(program("newer"))
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/taken", Type="String", Value="somebody else's")

    with pytest.raises(EngineFailed, match="Parameter::taken"):
        stack.replay().apply(target, "operation-1", "rollback")

    ssm.delete_parameter(Name="/taken")
    stack.replay().apply(target, "operation-1", "rollback")
    stack.must_be(older)
    assert [update.succeeded for update in stack.backend.updates(stack.name)] == [True, True, False, True]


def test_after_the_engine_itself_was_killed_its_lock_is_broken_and_a_second_run_converges(stack: DeployedStack) -> None:
    older = program("older")
    target = stack.deploy(older)
    stack.deploy(program("newer"))
    engines: list[int] = []

    def kill_the_engine_at_the_first_change(event: EngineEvent) -> None:
        if isinstance(event, EngineStarted):
            engines.append(event.process_id)
        if isinstance(event, ResourceStep) and event.operation == "update" and event.stage == "started":
            os.kill(engines[-1], signal.SIGKILL)

    with pytest.raises(EngineFailed):
        stack.replay().apply(target, "operation-1", "rollback", on_event=kill_the_engine_at_the_first_change)
    (left,) = stack.backend.locks(stack.name)
    stack.backend.break_lock(stack.name, left)

    stack.replay().apply(target, "operation-1", "rollback")

    assert left.pid == engines[-1]
    stack.must_be(older)


def test_a_deploy_that_ended_since_the_decision_is_not_replayed_over(stack: DeployedStack) -> None:
    latest = program("latest")
    target = stack.deploy(program("older"))
    stack.deploy(program("newer"))
    decided_on = stack.backend.updates(stack.name)[-1].name
    stack.deploy(latest)
    updates: list[ResourceStep] = []

    def note(event: EngineEvent) -> None:
        if isinstance(event, ResourceStep) and event.operation != "same":
            updates.append(event)

    with pytest.raises(EngineFailed, match="ended after it was decided"):
        stack.replay().apply(target, "operation-1", "rollback", on_event=note, after=decided_on)

    assert updates == []
    stack.must_be(latest)
