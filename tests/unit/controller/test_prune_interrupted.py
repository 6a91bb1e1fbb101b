"""Pruning loses nothing that is needed, wherever it dies, and whoever records or prunes at the same time.

The store calls of each process are counted, not listed, and tried one after the other.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
import stamina

from rollback_plugin.versions.trash import KEPT_FOR
from tests.unit.controller.storehouse import Base, Calls, Storehouse, interleaved, killed_at

WEEK = KEPT_FOR + timedelta(days=1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return Base(tmp_path_factory.mktemp("history"))


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def calls_of(base: Base, process_of: str) -> int:
    """How many store calls that process makes on its own."""
    house = base.storehouse()
    calls = Calls(house.store)
    getattr(house, process_of)(calls)
    return calls.made


def must_end_well(house: Storehouse, seen: str) -> None:
    """Nothing needed is gone, now and after any number of prunes; then nothing is left of what isn't needed."""
    house.must_be_whole(seen)
    for _ in range(2):
        house.now += WEEK
        house.prune(house.store)
    house.must_be_whole(seen)
    assert house.out_of_place() == set(), seen
    assert not list(house.store.list("trash/")), seen
    assert not {1, 2} & {*house.archive.numbers()}, seen


def test_a_prune_that_nobody_disturbs_removes_the_old_versions(base: Base) -> None:
    house = base.storehouse()

    assert house.prune(house.store) == (1, 2)

    assert house.archive.numbers() == (3, 4, 5, 6)
    must_end_well(house, "undisturbed")


def test_killed_at_any_call_it_loses_nothing_and_the_next_prune_ends_it(base: Base) -> None:
    undisturbed = base.storehouse()
    undisturbed.prune(undisturbed.store)
    for point in count():
        house = base.storehouse()
        killed = killed_at(point, house.prune, house.store)
        house.must_be_whole(f"killed at call {point}")
        house.prune(house.store)
        assert house.lasting() == undisturbed.lasting(), f"killed at call {point}"
        must_end_well(house, f"killed at call {point}")
        if not killed:
            break
    assert point > 60


def test_a_deploy_that_began_before_a_killed_prune_has_all_its_bytes(base: Base) -> None:
    for point in count():
        house = base.storehouse()
        house.keep_code(house.store)
        killed = killed_at(point, house.prune, house.store)
        house.only_record(house.store)
        assert 7 in house.archive.numbers()
        must_end_well(house, f"killed at call {point}")
        if not killed:
            return


def test_a_whole_prune_at_any_call_of_a_recorder_takes_no_bytes_of_its_version(base: Base) -> None:
    for point in count():
        house = base.storehouse()
        stopped = interleaved(house.record, point, house.prune, -1, house.store)
        assert 7 in house.archive.numbers()
        must_end_well(house, f"pruned before call {point} of the recorder")
        if not stopped:
            break
    assert point > 20


@pytest.mark.parametrize("begins", ["record", "prune"])
def test_both_cut_anywhere_take_no_bytes_from_each_other(base: Base, begins: str) -> None:
    """The one to a point, the other to a point, the one to its end, the other to its end."""
    then = "prune" if begins == "record" else "record"
    for stop in range(calls_of(base, begins)):
        for let_go in range(stop % 9, calls_of(base, then) + 9, 9):
            house = base.storehouse()
            first, second = getattr(house, begins), getattr(house, then)
            interleaved(first, stop, second, let_go, house.store)
            seen = f"{begins} to call {stop}, {then} to call {let_go}"
            assert 7 in house.archive.numbers(), seen
            must_end_well(house, seen)


def test_a_deploy_recorded_too_late_has_its_bytes_or_says_that_it_has_not(base: Base) -> None:
    whole = 0
    for stop in range(calls_of(base, "record")):
        for let_go in range(stop % 9, calls_of(base, "prune"), 9):
            house = base.storehouse()
            house.keep_code(house.store)
            house.prune(house.store)
            house.now += WEEK
            house.late = True
            interleaved(house.only_record, stop, house.prune, let_go, house.store)
            must_end_well(house, f"record to call {stop}, prune to call {let_go}")
            whole += bool(house.archive.read(7).assets)
    assert whole


def test_two_prunes_at_once_are_harmless(base: Base) -> None:
    calls = calls_of(base, "prune")
    for stop in range(0, calls, 2):
        for let_go in range(stop % 17, calls + 17, 17):
            house = base.storehouse()
            interleaved(house.prune, stop, house.prune, let_go, house.store)
            must_end_well(house, f"one to call {stop}, another to call {let_go}")
