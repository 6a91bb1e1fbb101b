"""What a deploy did to an alarm."""

from datetime import UTC, datetime, timedelta

import pytest

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.configuration import configuration_by_deploy
from rollback_plugin.signals.signal import AlarmConfiguration, AlarmObservation

BEGAN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=2)
UNCHANGED, CREATED, CHANGED = AlarmConfiguration


@pytest.mark.parametrize(
    ("written", "known_before", "by_deploy"),
    [
        pytest.param(BEGAN - timedelta(seconds=1), True, UNCHANGED, id="before the deploy"),
        pytest.param(BEGAN - timedelta(days=9), False, UNCHANGED, id="before the deploy, watched from now on"),
        pytest.param(BEGAN, True, CHANGED, id="as it began"),
        pytest.param(BEGAN + timedelta(minutes=1), True, CHANGED, id="during the deploy"),
        pytest.param(BEGAN + timedelta(minutes=1), False, CREATED, id="during the deploy, unknown before"),
        pytest.param(ENDED + timedelta(milliseconds=900), True, CHANGED, id="in the second that the deploy ended in"),
        pytest.param(ENDED + timedelta(seconds=1), True, UNCHANGED, id="afterwards, by somebody else"),
        pytest.param(ENDED + timedelta(hours=1), False, UNCHANGED, id="afterwards, by somebody else, unknown before"),
        pytest.param(None, True, UNCHANGED, id="CloudWatch doesn't say"),
    ],
)
def test_configuration(written: datetime | None, known_before: bool, by_deploy: AlarmConfiguration) -> None:
    alarm = AlarmObservation("errors", AlarmState.ALARM, since=BEGAN, configured_at=written)

    assert configuration_by_deploy(alarm, BEGAN, ENDED, known_before) is by_deploy
