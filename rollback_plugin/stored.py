"""How what is kept as JSON or written as YAML becomes a record: strictly, and without repeating it in an error.

By msgspec, as each command makes dozens of kinds of records known when it begins. That takes it a few milliseconds, and
pydantic, which tells more of what is wrong, two tenths of a second. Frozen dataclasses cost a millisecond each there:
what `rollback status` loads are Structs, too.
"""

import re
from collections.abc import Hashable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec

Kind = TypeVar("Kind")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone."""

_PLACE = re.compile(r" - at `(?:key` in `)?\$\.?(?P<path>[^`]*)`\Z")
_FIELD = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`")
_UNKNOWN_WORDS = ("Invalid enum value", "Invalid value")


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record that this plugin wrote: never changed, and with the fields that it declares."""


class Misfit(ValueError):
    """What was read isn't what it should be. Says where and in which way, and nothing of what stands there."""

    def __init__(
        self, place: str, way: Literal["missing", "unknown_field", "unknown_word", "wrong_kind", "no_json"]
    ) -> None:
        super().__init__(f"{place or 'all of it'}: {way}")
        self.place = place
        """`event.version`; empty for the whole."""
        self.way = way

    @property
    def of_a_newer_plugin(self) -> bool:
        """Whether it is a field or a word that isn't known here, as a later release may have added it."""
        return self.way in ("unknown_field", "unknown_word")


def read(data: bytes, of: type[Kind]) -> Kind:
    """The record in these bytes of JSON. Raises `Misfit`."""
    try:
        return cast("Kind", _decoder(cast("Hashable", of)).decode(data))
    except (msgspec.DecodeError, RecursionError) as error:
        raise _misfit(error) from None


def fitted(value: object, of: type[Kind]) -> Kind:
    """The record that a value of JSON's, or YAML's, own types is. Raises `Misfit`."""
    try:
        return msgspec.convert(value, of)
    except msgspec.ValidationError as error:
        raise _misfit(error) from None


def plain(record: msgspec.Struct) -> dict[str, Any]:
    """The record in JSON's own types; times with `Z`."""
    document: dict[str, Any] = msgspec.to_builtins(record, str_keys=True)
    return document


@cache
def _decoder(of: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast("Any", of))


def _misfit(error: Exception) -> Misfit:
    """msgspec says in words what it found, which may be a value; the place stands at their end."""
    if not isinstance(error, msgspec.ValidationError):
        return Misfit("", "no_json")
    words = str(error)
    at = _PLACE.search(words)
    place = at["path"] if at else ""
    field = _FIELD.match(words)
    if field:
        inside = f"{place}.{field['name']}" if place else field["name"]
        return Misfit(inside, "missing" if field["what"] == "missing required" else "unknown_field")
    return Misfit(place, "unknown_word" if words.startswith(_UNKNOWN_WORDS) else "wrong_kind")
