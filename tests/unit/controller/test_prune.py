"""What goes with a version that is pruned, and what keeps it from being pruned at the last moment."""

import pytest

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.journal.entries import EvidenceKept, ReasonCode, RollbackStarted
from rollback_plugin.journal.journal import Journal
from rollback_plugin.versions.blobs import BlobStore
from tests.unit.controller.storehouse import HARD, Base, Storehouse
from tests.unit.recording.history import STACK


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return Base(tmp_path_factory.mktemp("history"))


@pytest.fixture
def house(base: Base) -> Storehouse:
    return base.storehouse()


def journal(house: Storehouse) -> Journal:
    return Journal(house.store, STACK, lambda: house.now, "me@here:1")


def names(house: Storehouse, kind: str) -> list[str]:
    return [key.rpartition("/")[2] for key in house.store.list(f"stacks/shop/dev/{kind}/")]


def test_its_plans_and_what_was_noted_for_its_recording_go_with_it(house: Storehouse) -> None:
    for number in (2, 3):
        house.store.write(f"stacks/shop/dev/plans/state/{number:08}-question.json", b"{}")
    assert len(names(house, "captures")) == 6

    house.prune(house.store)

    assert names(house, "plans") == ["00000003-question.json"]
    assert [name.rpartition("-")[2] for name in names(house, "captures")] == [f"id{n}.json" for n in (3, 4, 5, 6)]


def test_the_evidence_on_it_goes_to_the_trash(house: Storehouse) -> None:
    blobs = BlobStore(house.store)
    on_second, on_third = blobs.keep(b"what spoke against 2"), blobs.keep(b"what spoke against 3")
    for version, digest in ((2, on_second), (3, on_third)):
        journal(house).append_next(EvidenceKept(version=version, about=1, digest=digest))

    house.prune(house.store)

    kept = set(house.store.list("blobs/"))
    assert f"blobs/{on_third[:2]}/{on_third}" in kept
    assert f"blobs/{on_second[:2]}/{on_second}" not in kept
    assert blobs.read(on_second) == b"what spoke against 2"


def test_a_version_that_somebody_goes_back_to_meanwhile_stays(house: Storehouse) -> None:
    pruner = house.pruner(house.store)
    survey = pruner.survey(HARD)
    assert survey.versions == (1, 2)
    journal(house).append_next(RollbackStarted(operation="op", undoes=6, target=1, reason=ReasonCode.REQUESTED))

    assert pruner.prune(survey, HARD) == (2,)

    assert house.archive.numbers() == (1, 3, 4, 5, 6)
    house.must_be_whole("rolling back to 1")


def test_what_nobody_was_told_of_stays(house: Storehouse) -> None:
    """Between the question and the answer version 7 was recorded, so that 3 could go as well."""
    pruner = house.pruner(house.store)
    survey = pruner.survey(HARD)
    house.record(house.store)

    assert pruner.prune(survey, HARD) == (1, 2)

    assert house.archive.numbers() == (3, 4, 5, 6, 7)


def test_where_it_can_not_be_told_what_a_version_needs_nothing_goes(house: Storehouse) -> None:
    house.store.write("stacks/shop/other/versions/00000001.json", b"{}")
    before = house.lasting()

    with pytest.raises(DamagedSnapshot, match=r"so no bytes are.*version 1 of shop/other"):
        house.prune(house.store)

    assert house.lasting() == before
    assert not list(house.store.list("trash/"))
    assert len(journal(house).entries()) == 6
