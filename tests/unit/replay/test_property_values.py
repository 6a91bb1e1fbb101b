"""Property values between checkpoint and wire."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.replay.property_values import (
    SECRET,
    SIGNATURE,
    SecretStillEncryptedError,
    as_the_program_gave_it,
    from_checkpoint,
    from_struct,
    holds_ciphertext,
    secret,
    to_struct,
    unwrapped,
)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=5))
def test_whatever_goes_over_the_wire_comes_back(properties: dict[str, Any]) -> None:
    assert from_struct(to_struct(properties)) == properties


def test_a_decrypted_secret_goes_over_the_wire_as_a_secret() -> None:
    recorded = {"a": [{SIGNATURE: SECRET, "plaintext": json.dumps({"user": "x"})}]}

    assert from_checkpoint(recorded) == {"a": [secret({"user": "x"})]}


def test_a_secret_inside_a_secret_is_translated_too() -> None:
    inner = {SIGNATURE: SECRET, "plaintext": '"word"'}

    assert from_checkpoint({SIGNATURE: SECRET, "plaintext": json.dumps([inner])}) == secret([secret("word")])


def test_ciphertext_is_never_sent() -> None:
    recorded = {"a": {SIGNATURE: SECRET, "ciphertext": "v1:…"}}

    assert holds_ciphertext(recorded)
    with pytest.raises(SecretStillEncryptedError):
        from_checkpoint(recorded)


def test_what_a_provider_filled_in_is_dropped_at_every_level() -> None:
    recorded = {
        "__defaults": ["name", "rules"],
        "name": "jobs-1234567",
        "rules": [],
        "tags": {"__defaults": [], "team": "shop"},
        "list": [{"__defaults": ["size"], "size": 1, "kind": "x"}],
        "hidden": secret({"__defaults": ["x"], "x": 1, "y": 2}),
        "__internal": {"pluginDownloadURL": "x"},
        "__meta": "{}",
    }

    assert as_the_program_gave_it(recorded) == {
        "tags": {"team": "shop"},
        "list": [{"kind": "x"}],
        "hidden": secret({"y": 2}),
    }


def test_marks_of_secrets_can_be_taken_off() -> None:
    assert unwrapped({"a": secret([secret(1), 2])}) == {"a": [1, 2]}
