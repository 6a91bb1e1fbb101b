"""Whether somebody else's update ended after it was decided to re-apply a version."""

from datetime import UTC, datetime
from typing import cast

import pytest

from rollback_plugin.backend.history import Backend
from rollback_plugin.backend.updates import Update
from rollback_plugin.errors import EngineFailed
from rollback_plugin.replay.engine_update import refuse_after_others, update_message
from rollback_plugin.stack import StackName
from tests.unit.controller.stand import update

SHOP = StackName("shop", "dev")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OURS = update_message("operation-1", "rollback", 1)


class History:
    """A double of a backend."""

    def __init__(self, *messages: str) -> None:
        self._messages = messages

    def updates(self, stack: StackName) -> list[Update]:
        return [update(f"dev-{number}", message, NOON) for number, message in enumerate(self._messages, 1)]


def look(after: str | None, *messages: str) -> None:
    refuse_after_others(cast("Backend", History(*messages)), SHOP, "operation-1", after)


@pytest.mark.parametrize(
    ("after", "messages"),
    [
        pytest.param("dev-2", ["deploy", "deploy"], id="nothing since"),
        pytest.param("dev-1", ["deploy", OURS], id="one of ours that came to nothing"),
        pytest.param("dev-2", ["deploy", OURS], id="since one of ours"),
        pytest.param(None, ["deploy", "deploy"], id="it doesn't matter"),
    ],
)
def test_goes_on(after: str | None, messages: list[str]) -> None:
    look(after, *messages)


@pytest.mark.parametrize(
    ("after", "messages", "named"),
    [
        pytest.param("dev-1", ["deploy", "deploy"], "dev-2", id="a deploy since"),
        pytest.param("dev-1", ["deploy", "deploy", OURS], "dev-2", id="a deploy before one of ours"),
        pytest.param("dev-1", ["deploy", OURS, "deploy"], "dev-3", id="a deploy after one of ours"),
        pytest.param(
            "dev-1",
            ["deploy", update_message("operation-2", "rollback", 1)],
            "dev-2",
            id="another operation since",
        ),
    ],
)
def test_is_refused(after: str, messages: list[str], named: str) -> None:
    with pytest.raises(EngineFailed, match=named):
        look(after, *messages)
