"""Property values survive the wire in both directions."""

from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.embedded.provider.values import (
    UNKNOWN,
    UNKNOWN_STRING,
    Archive,
    Asset,
    Secret,
    contains_unknown,
    decode_properties,
    encode_properties,
    without_internal_keys,
)

SCALARS = st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(UNKNOWN)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.dictionaries(st.text(), VALUES))
def test_plain_values_come_back_as_they_were(properties: dict[str, Any]) -> None:
    assert decode_properties(encode_properties(properties)) == properties


@pytest.mark.parametrize(
    "value",
    [
        Asset(hash="ab", path="index.html"),
        Asset(hash="ab", text=""),
        Asset(hash="ab", uri="https://example.org/x"),
        Archive(hash="ab", path="app"),
        Archive(hash="ab", assets={"a": Asset(hash="1", text="x"), "b": Archive(hash="2", path="lib")}),
        Archive(hash="ab", assets={}),
    ],
)
def test_assets_and_archives_come_back_as_they_were(value: Asset | Archive) -> None:
    assert decode_properties(encode_properties({"code": value})) == {"code": value}


def test_a_secret_is_marked_on_the_way_out_and_plain_on_the_way_in() -> None:
    encoded = encode_properties({"value": Secret("hunter2")})

    assert "1b47061264138c4ac30d75fd1eb44270" in str(encoded)
    assert decode_properties(encoded) == {"value": "hunter2"}


def test_a_secret_does_not_print_itself() -> None:
    assert "hunter2" not in repr(Secret("hunter2"))


def test_nulls_are_dropped() -> None:
    struct = struct_pb2.Struct()
    struct.update({"gone": None, "kept": 1})

    assert decode_properties(struct) == {"kept": 1}


def test_unknown_is_the_engines_reserved_string() -> None:
    assert encode_properties({"arn": UNKNOWN}).fields["arn"].string_value == UNKNOWN_STRING


@pytest.mark.parametrize(
    ("value", "expected"),
    [(UNKNOWN, True), ("x", False), ([1, [UNKNOWN]], True), ({"a": {"b": UNKNOWN}}, True), ({"a": [1]}, False)],
)
def test_finds_unknowns_at_any_depth(value: Any, expected: bool) -> None:
    assert contains_unknown(value) is expected


def test_internal_keys_are_removed_at_any_depth() -> None:
    value = {"__defaults": ["a"], "a": 1, "b": [{"__defaults": [], "__meta": "{}", "c": 2}]}

    assert without_internal_keys(value) == {"a": 1, "b": [{"c": 2}]}
