"""What a version's alarms can see, for people."""

from collections.abc import Iterator

from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.journal.entries import Detection
from rollback_plugin.report.lines import Line, line


def detection_view(detection: Detection) -> Iterator[Line]:
    """A line for each alarm; those that can't ring stand out."""
    yield line(f"What the alarms of version {detection.version} can see, with 95 % probability:")
    for power in detection.alarms:
        yield line(f"  - {power.alarm}: {power.explanation}", _style(power))


def detection_in_words(detection: Detection) -> str:
    """In one line: the sharpest alarm, and those that can't ring."""
    seeing = [power for power in detection.alarms if power.rise_points is not None]
    blind = [power.alarm for power in detection.alarms if power.sight.blind]
    sharpest = min(seeing, key=lambda power: power.rise_points or 0.0, default=None)
    return f"version {detection.version}: {_sees(sharpest)}" + (f"; can't ring: {', '.join(blind)}" if blind else "")


def _sees(sharpest: AlarmPower | None) -> str:
    if sharpest is None:
        return "how small a fault its alarms see is not known"
    if not sharpest.rise_points:
        return f"{sharpest.alarm} rings at the failures there are already"
    return f"{sharpest.alarm} sees a rise of {sharpest.rise_points:g} points or more within {sharpest.within_seconds} s"


def _style(power: AlarmPower) -> str:
    if power.sight.blind:
        return "bold red"
    return "green" if power.sight is Sight.SEES else "yellow"
