"""How detection power is shown."""

from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.journal.entries import Detection
from rollback_plugin.report.detection import detection_view
from tests.unit.report.told import printed


def test_every_alarm_has_its_line() -> None:
    seeing = AlarmPower(alarm="rate", sight=Sight.SEES, explanation="It sees.", rise_points=1.8, within_seconds=120)
    blind = AlarmPower(alarm="logs", sight=Sight.NO_DATA, explanation="It can't ring.")

    assert printed(detection_view(Detection(version=3, alarms=(seeing, blind)))) == [
        "What the alarms of version 3 can see, with 95 % probability:",
        "  - rate: It sees.",
        "  - logs: It can't ring.",
    ]
