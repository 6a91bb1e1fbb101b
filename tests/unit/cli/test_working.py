"""What a worker says of its work is counted and logged, too."""

import json

import pytest

from rollback_plugin.cli.working import teller
from rollback_plugin.controller.hints import Drop
from rollback_plugin.controller.reporting import Reporting
from rollback_plugin.controller.watch import FailedRound
from rollback_plugin.controller.worker import Dropped, Looked
from rollback_plugin.errors import StoreUnreachable
from rollback_plugin.stack import StackName
from rollback_plugin.telemetry.interface import Counter
from tests.unit.telemetry.told import Lines, Told


def test_dropped_messages_and_rounds_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry, log = Told(), Lines()
    tell = teller(Reporting(telemetry, log))

    tell(Dropped("message-1", Drop.MALFORMED))
    tell(Looked(FailedRound(StackName("shop", "dev"), StoreUnreachable("It is away."))))

    assert telemetry.counted == [
        (Counter.MESSAGES_DROPPED, {"why": "malformed"}),
        (Counter.ROUNDS, {"outcome": "failed", "error": "StoreUnreachable"}),
    ]
    assert [event for event, _ in log.told] == ["round_failed"]
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == ["Dropped", "Looked"]
