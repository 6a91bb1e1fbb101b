"""An update that was killed leaves no history: its version is made of the state it left."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.journal.entries import OperationFailed, ReasonCode, RollbackStarted
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.status import Verdict
from rollback_plugin.recording.record import RecordResult
from tests.unit.recording.history import START, History
from tests.unit.versions.examples import SECRET, document, resource

QUEUE = resource("queue", inputs={"size": 1}, id="q")
BIGGER_QUEUE = resource("queue", inputs={"size": 2}, id="q")
CREATING: dict[str, Any] = {
    "type": "creating",
    "resource": resource("topic", "aws:sns/topic:Topic", inputs={"key": SECRET}),
}


@pytest.fixture
def history(tmp_path: Path) -> History:
    """With one version."""
    history = History(tmp_path)
    history.update(QUEUE, config={"shop:size": "1"})
    return history


def test_it_is_a_failed_version_with_the_state_it_left(history: History) -> None:
    capture = history.capture(digest="c" * 64)
    history.leave_in_the_middle(BIGGER_QUEUE, pending=[CREATING], held=False)

    assert history.recorder().record() == RecordResult(sealed=(1, 2))

    version = history.archive.read(2)
    status = fold(history.journal().entries(), history.now)
    assert (status.applied, status.version(2).verdict) == (2, Verdict.FAILED)
    assert (version.started_at, version.finished_at) == (capture.started_at, START + timedelta(seconds=180))
    assert (version.content_digest, version.message.split(":")[0]) == ("c" * 64, "interrupted")
    assert version.config["shop:size"].value == "1"
    kept = history.archive.checkpoint(2)
    assert kept.resources[1].inputs == {"size": 2}
    assert kept.pending_operations == (CREATING,)


def test_recording_again_adds_nothing_whoever_does_it(history: History) -> None:
    history.leave_in_the_middle(QUEUE, pending=[CREATING], held=False)
    recorder = history.recorder()
    recorder.record()

    assert recorder.record() == history.recorder().record() == RecordResult()

    encrypted_anew = {
        **CREATING,
        "resource": {**CREATING["resource"], "inputs": {"key": {**SECRET, "ciphertext": "v1:x"}}},
    }
    history.leave_in_the_middle(QUEUE, pending=[encrypted_anew], held=False)
    assert recorder.record() == RecordResult()


def test_while_somebody_holds_the_stack_nobody_can_say_that_it_was_killed(history: History) -> None:
    recorder = history.recorder()
    history.leave_in_the_middle(QUEUE, pending=[CREATING], held=True)

    assert recorder.record().sealed == (1,)

    history.leave_in_the_middle(QUEUE, pending=[CREATING], held=False)
    assert recorder.record().sealed == (2,)


def test_a_state_that_is_in_the_middle_of_nothing_is_no_interrupted_update(history: History) -> None:
    history.leave_in_the_middle(BIGGER_QUEUE, pending=[], held=False)

    assert history.recorder().record().sealed == (1,)


def test_what_an_update_left_pending_that_has_a_history_is_that_updates(history: History) -> None:
    left = document(resource("shop-dev", "pulumi:pulumi:Stack"), BIGGER_QUEUE, pending_operations=[CREATING])
    history.update(result="failed", checkpoint=json.dumps(left).encode())
    history.leave_in_the_middle(QUEUE, pending=[CREATING], held=False)

    assert history.recorder().record().sealed == (1, 2)


def test_the_first_update_of_all_may_be_killed_too(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.leave_in_the_middle(pending=[CREATING], held=False)

    assert history.recorder().record().sealed == (1,)


def test_the_next_update_is_a_version_after_it(history: History) -> None:
    history.leave_in_the_middle(QUEUE, pending=[CREATING], held=False)
    recorder = history.recorder()
    recorder.record()
    history.update(BIGGER_QUEUE)
    history.leave_in_the_middle(BIGGER_QUEUE, pending=[], held=False)

    assert recorder.record().sealed == (3,)


@pytest.mark.parametrize("ended", [False, True], ids=["under way", "failed"])
def test_what_our_own_operation_left_half_way_is_no_version(history: History, ended: bool) -> None:
    history.update(BIGGER_QUEUE)
    recorder = history.recorder()
    recorder.record()
    started = RollbackStarted(operation="op", undoes=2, target=1, reason=ReasonCode.REQUESTED)
    history.journal().append_next(started)
    if ended:
        history.journal().append_next(OperationFailed(operation="op", error="the engine was killed"))

    history.leave_in_the_middle(QUEUE, pending=[CREATING], held=False)

    assert recorder.record() == RecordResult()


def test_a_state_that_can_not_be_read_is_said_once(history: History) -> None:
    recorder = history.recorder()
    history.backend_store.write("stacks/shop/dev.json", b'{"version": 99}')

    (warning,) = recorder.record().warnings

    assert "state of shop/dev" in warning
    assert recorder.record() == RecordResult()
