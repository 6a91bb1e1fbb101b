"""What a command prints as JSON is JSON, whatever it was made of."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from rollback_plugin.cli.printing import as_plain
from rollback_plugin.errors import StoreUnreachable
from rollback_plugin.journal.entries import AlarmState, Released


@dataclass(frozen=True)
class Record:
    name: str
    inner: object


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (AlarmState.OK, "OK"),
        (datetime(2026, 3, 1, 3, tzinfo=UTC), "2026-03-01T03:00:00+00:00"),
        ((1, 2.5, None, True, "x"), [1, 2.5, None, True, "x"]),
        ({AlarmState.ALARM: {"a": 1}}, {"ALARM": {"a": 1}}),
        (Record("r", MappingProxyType({"x": (1,)})), {"name": "r", "inner": {"x": [1]}}),
        (Released(version=2), {"event": "released", "version": 2, "explanation": ""}),
        (frozenset({3}), [3]),
        (StoreUnreachable("the bucket is gone"), {"error": "StoreUnreachable", "message": "the bucket is gone"}),
    ],
)
def test_values_become_json(value: object, plain: Any) -> None:
    assert as_plain(value) == plain


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        as_plain(object())
