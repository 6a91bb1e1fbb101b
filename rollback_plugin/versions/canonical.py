"""One way to write a JSON value as bytes, so that equal values have equal hashes."""

import hashlib
import json


def canonical_json(value: object) -> bytes:
    """`value` as JSON with sorted keys, no spaces, and ASCII only (text from the engine may hold lone surrogates).

    Raises `ValueError` for NaN and infinities, which JSON has no words for.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def sha256_hex(data: bytes) -> str:
    """The sha256 of `data` as 64 hexadecimal digits: the name of every blob and digest."""
    return hashlib.sha256(data).hexdigest()
