"""What a key may look like, the same for every store."""

import re

MAXIMUM_KEY_BYTES = 900
"""S3 allows 1024 bytes (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html); the rest is room for a
prefix."""
MAXIMUM_SEGMENT_BYTES = 255
"""The longest file name of the usual file systems (NAME_MAX)."""

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Unicode's category Cc, which doesn't grow (https://www.unicode.org/policies/stability_policy.html). Folders with a
file for each update that ever was are gone through."""


def key_problem(key: str) -> str | None:
    """What is wrong with a key, in words; None when it is a key."""
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        return "it can't be written as UTF-8"
    if not key:
        return "it is empty"
    if len(encoded) > MAXIMUM_KEY_BYTES:
        return f"it is longer than {MAXIMUM_KEY_BYTES} bytes"
    if _CONTROL_CHARACTER.search(key):
        return "it holds a control character"
    for segment in key.split("/"):
        if not segment:
            return "it begins or ends with a slash, or has two in a row"
        if segment in (".", ".."):
            return f"it holds the segment {segment!r}"
        if len(segment.encode()) > MAXIMUM_SEGMENT_BYTES:
            return f"a segment of it is longer than {MAXIMUM_SEGMENT_BYTES} bytes"
    return None


def checked_key(key: str) -> str:
    """The key as given. Raises `ValueError` when it is none."""
    problem = key_problem(key)
    if problem is not None:
        raise ValueError(f"{key!r} is not a key: {problem}")
    return key
