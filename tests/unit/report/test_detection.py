"""How detection power is shown."""

from rich.console import Console

from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.journal.entries import Detection
from rollback_plugin.report.detection import detection_view


def test_every_alarm_has_its_line() -> None:
    seeing = AlarmPower(alarm="rate", sight=Sight.SEES, explanation="It sees.", rise_points=1.8, within_seconds=120)
    blind = AlarmPower(alarm="logs", sight=Sight.NO_DATA, explanation="It can't ring.")
    console = Console(width=100)

    with console.capture() as shown:
        console.print(detection_view(Detection(version=3, alarms=(seeing, blind))))

    assert shown.get().splitlines() == [
        "What the alarms of version 3 can see, with 95 % probability:",
        "  - rate: It sees.",
        "  - logs: It can't ring.",
    ]
