"""The secrets of a version in plain text, to take them out of what other systems say. In memory only."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rollback_plugin.replay.state_copies import StateCopies
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.properties import secrets_in


def secret_values(copies: StateCopies, archive: VersionArchive, version: int) -> frozenset[str]:
    """Every text in the version's secret config, and in the secret properties of its state.

    Raises `WrongPassphrase`, `EngineFailed`, and the errors of reading the version.
    """
    checkpoint = archive.checkpoint(version)
    config = [
        copies.config_value(key, value, checkpoint)
        for key, value in archive.read(version).config.items()
        if value.secret
    ]
    in_config = {text for value in config for text in (value, *_texts(_parsed(value)))}
    (opened,) = copies.decrypt(checkpoint)
    return frozenset(in_config | set(_secret_texts(opened.document)))


def _secret_texts(value: Any) -> Iterator[str]:
    for secret in secrets_in(value):
        # The engine exports a secret as the JSON of its value.
        yield from _texts(_parsed(secret.get("plaintext", "")))


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, and in JSON that stands in it as text."""
    if isinstance(value, str):
        yield value
        parsed = _parsed(value)
        if not isinstance(parsed, str):
            yield from _texts(parsed)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
