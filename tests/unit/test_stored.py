"""Records from JSON: strictly, and with errors that say where and in which way, and never what stands there."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

import pytest
from msgspec import Struct, field

from rollback_plugin.stored import Misfit, Moment, Stored, fitted, plain, read

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "hunter2"


class Tone(StrEnum):
    LOW = "low"


class Bell(Stored, frozen=True):
    name: str
    tone: Tone = Tone.LOW
    side: Literal["north", "south"] = "north"
    rang: tuple[Moment, ...] = ()


class Tower(Stored, frozen=True):
    bells: dict[str, Bell]


class Foreign(Struct, frozen=True):
    """Of somebody who may say more than we know."""

    bell_name: str = field(name="bellName")


TOWER = Tower({"great": Bell("great", rang=(NOON,))})


def tower(**bell: Any) -> bytes:
    return json.dumps({"bells": {"great": {"name": "great", **bell}}}).encode()


def test_what_was_written_is_read() -> None:
    document = {"bells": {"great": {"name": "great", "tone": "low", "side": "north", "rang": ["2026-03-01T12:00:00Z"]}}}

    assert plain(TOWER) == {"bells": {"great": {**document["bells"]["great"], "rang": ("2026-03-01T12:00:00Z",)}}}
    assert read(json.dumps(document).encode(), Tower) == fitted(document, Tower) == TOWER


def test_somebody_elses_record_may_hold_more() -> None:
    assert read(b'{"bellName": "great", "founded": 1386}', Foreign) == Foreign("great")


MISFITS = [
    (b"", "", "no_json"),
    (b"{", "", "no_json"),
    (b"\xff", "", "no_json"),
    (b"[]", "", "wrong_kind"),
    (b"{}", "bells", "missing"),
    (b'{"bells": {"great": {}}}', "bells[...].name", "missing"),
    (tower(name=SECRET, weight=SECRET), "bells[...].weight", "unknown_field"),
    (tower(name=7), "bells[...].name", "wrong_kind"),
    (tower(tone=SECRET), "bells[...].tone", "unknown_word"),
    (tower(side=SECRET), "bells[...].side", "unknown_word"),
    (tower(tone=f"{SECRET} - at `$.rang`"), "bells[...].tone", "unknown_word"),
    (tower(rang=["2026-03-01T12:00:00"]), "bells[...].rang[0]", "wrong_kind"),
    (tower(rang=[SECRET]), "bells[...].rang[0]", "wrong_kind"),
]


@pytest.mark.parametrize(("data", "place", "way"), MISFITS, ids=[repr(data[:40]) for data, _, _ in MISFITS])
def test_what_does_not_fit_is_placed_and_not_repeated(data: bytes, place: str, way: str) -> None:
    with pytest.raises(Misfit) as caught:
        read(data, Tower)

    assert (caught.value.place, caught.value.way) == (place, way)
    assert str(caught.value) == f"{place or 'all of it'}: {way}"
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_what_is_nested_without_end_is_no_record() -> None:
    with pytest.raises(Misfit, match=r"\Aall of it: no_json\Z"):
        read(b'{"bellName": "great", "more": ' + b"[" * 100_000, Foreign)


def test_a_value_in_the_place_of_a_key_is_placed() -> None:
    with pytest.raises(Misfit, match=r"\Abells: wrong_kind\Z"):
        fitted({"bells": {7: {}}}, Tower)


@pytest.mark.parametrize(
    ("data", "newer"),
    [(tower(weight=7), True), (tower(tone="high"), True), (tower(name=7), False), (b"{}", False), (b"", False)],
    ids=["field", "word", "kind", "missing", "no json"],
)
def test_fields_and_words_may_be_those_of_a_later_release(data: bytes, newer: bool) -> None:
    with pytest.raises(Misfit) as caught:
        read(data, Tower)

    assert caught.value.of_a_newer_plugin is newer
