"""A status as people read it."""

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.journal.fold import fold
from rollback_plugin.report.tables import status_view
from rollback_plugin.stack import StackName
from tests.unit.report.told import alarm, at, deployed, journal, printed


def lines_of(versions: int) -> list[str]:
    status = fold(journal(*(deployed(number, 60 * number) for number in range(1, versions + 1))), at(100_000))
    return printed(status_view(StackName("shop", "dev"), status))


def test_of_years_the_newest_versions_are_shown_and_where_the_others_are() -> None:
    lines = lines_of(34)

    assert lines[:2] == [
        "shop/dev runs version 34; the newest is 34.",
        "The last 20 of 34; `rollback history` has all.",
    ]
    assert [int(line.split()[0]) for line in lines[3:23]] == list(range(15, 35))


def test_of_a_few_all_are_shown() -> None:
    lines = lines_of(20)

    assert [int(line.split()[0]) for line in lines[2:22]] == list(range(1, 21))
    assert not any("rollback history" in line for line in lines)


def test_brackets_in_a_name_are_no_markup() -> None:
    name = "[blue]orders[/blue] errors"
    rings = (deployed(1, 60), deployed(2, 120, 600, (name,)), alarm(AlarmState.ALARM, 130, name))

    lines = printed(status_view(StackName("shop", "dev"), fold(journal(*rings), at(140))))

    (told,) = [line for line in lines if line.split()[:2] == ["2", "suspect"]]
    assert name in told
