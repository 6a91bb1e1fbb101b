"""Quiet hours by the clocks of a time zone."""

from datetime import UTC, datetime

import pytest

from rollback_plugin.controller.quiet_hours import QuietHours
from rollback_plugin.versions import service


def quiet(start: str, end: str, time_zone: str = "UTC") -> QuietHours:
    return QuietHours.of(service.QuietHours(start=start, end=end, time_zone=time_zone))


@pytest.mark.parametrize(
    ("hours", "moment", "covered"),
    [
        (quiet("09:00", "17:00"), datetime(2026, 3, 2, 8, 59, 59, tzinfo=UTC), False),
        (quiet("09:00", "17:00"), datetime(2026, 3, 2, 9, 0, tzinfo=UTC), True),
        (quiet("09:00", "17:00"), datetime(2026, 3, 2, 16, 59, 59, tzinfo=UTC), True),
        (quiet("09:00", "17:00"), datetime(2026, 3, 2, 17, 0, tzinfo=UTC), False),
        (quiet("22:00", "06:00"), datetime(2026, 3, 2, 23, 0, tzinfo=UTC), True),
        (quiet("22:00", "06:00"), datetime(2026, 3, 3, 5, 59, tzinfo=UTC), True),
        (quiet("22:00", "06:00"), datetime(2026, 3, 3, 6, 0, tzinfo=UTC), False),
        (quiet("22:00", "06:00", "Europe/Berlin"), datetime(2026, 1, 15, 21, 0, tzinfo=UTC), True),
        (quiet("22:00", "06:00", "Europe/Berlin"), datetime(2026, 1, 15, 20, 59, tzinfo=UTC), False),
        (quiet("22:00", "06:00", "Europe/Berlin"), datetime(2026, 7, 15, 20, 0, tzinfo=UTC), True),
        (quiet("22:00", "06:00", "Europe/Berlin"), datetime(2026, 7, 15, 19, 59, tzinfo=UTC), False),
    ],
)
def test_what_they_cover(hours: QuietHours, moment: datetime, covered: bool) -> None:
    assert hours.cover(moment) is covered


def test_they_are_named_by_times_and_zone() -> None:
    assert str(quiet("22:00", "06:30", "Europe/Berlin")) == "22:00 to 06:30 Europe/Berlin"
