"""A large checkpoint is read without a pause, and collecting goes on afterwards, whatever happened."""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.versions.examples import document

RESOURCES = 2_000


@pytest.fixture(scope="module")
def large() -> bytes:
    urn = "urn:pulumi:dev::shop::aws:sqs/queue:Queue::queue-{}"
    queues = [
        {
            "urn": urn.format(number),
            "type": "aws:sqs/queue:Queue",
            "custom": True,
            "id": str(number),
            "outputs": {"n": [1]},
        }
        for number in range(RESOURCES)
    ]
    return json.dumps(document(*queues)).encode()


@contextmanager
def collections() -> Iterator[list[int]]:
    """The generations that were collected meanwhile."""
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    gc.callbacks.append(note)
    try:
        yield seen
    finally:
        gc.callbacks.remove(note)


def test_nothing_is_collected_while_a_checkpoint_is_read(large: bytes) -> None:
    checkpoint = Checkpoint.parse(large)
    gc.collect()

    with collections() as seen:
        Checkpoint.parse(large)
        Checkpoint.from_lines(checkpoint.lines)
    assert len(seen) <= 2, "one afterwards, each time"

    with collections() as seen:
        document_read = json.loads(large)
    assert document_read
    assert len(seen) > 2, "or it would prove nothing"


def test_what_can_not_be_read_leaves_collecting_as_it_was() -> None:
    with pytest.raises(DamagedSnapshot):
        Checkpoint.parse(b"{")

    assert gc.isenabled()
