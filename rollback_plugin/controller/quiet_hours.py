"""When nothing is done without asking."""

from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from zoneinfo import ZoneInfo

from rollback_plugin.versions import service


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A part of every day, by the clocks of a time zone; `end` is the first moment that isn't in it any more."""

    start: time
    end: time
    zone: tzinfo

    @classmethod
    def of(cls, policy: service.QuietHours) -> "QuietHours":
        return cls(_time_of(policy.start), _time_of(policy.end), ZoneInfo(policy.time_zone))

    def cover(self, moment: datetime) -> bool:
        """Whether the aware `moment` is in it. An hour that the clocks repeat is in it twice."""
        local = moment.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M} to {self.end:%H:%M} {self.zone}"


def _time_of(written: str) -> time:
    hours, minutes = written.split(":")
    return time(int(hours), int(minutes))
