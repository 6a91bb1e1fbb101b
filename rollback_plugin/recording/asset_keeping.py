"""Keeps the bytes of assets while a program deploys them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rollback_plugin.errors import StoreError
from rollback_plugin.recording.asset_bytes import hashed_bytes
from rollback_plugin.versions.assets import AssetKind, asset_kind
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.properties import (
    OUTPUT_VALUE_SIGNATURE,
    SECRET_SIGNATURE,
    PropertyPath,
    path_text,
    signature,
)

REMOTE = (AssetKind.REMOTE_FILE, AssetKind.REMOTE_ARCHIVE)


class AssetKeeper:
    """Keeps every asset of a resource's inputs; what can't be kept is a warning, and no reason not to deploy."""

    def __init__(self, blobs: BlobStore, folder: Path, warn: Callable[[str], None]) -> None:
        """folder: where the program runs, from which relative paths start."""
        self._blobs = blobs
        self._folder = folder
        self._warn = warn
        self._store_failed = threading.Event()

    def keep(self, resource: str, inputs: Mapping[str, Any]) -> None:
        """resource: type and name, for the warnings. inputs: as the engine's protocol writes them."""
        for path, asset, secret in assets_in(inputs):
            if secret:
                self._warn(
                    f"{path_text(path)} of {resource} is a secret asset. Its bytes are not kept, because they would"
                    " lie in the store as plain text: a rollback can bring back everything but a change of them."
                )
                continue
            if asset_kind(asset) in REMOTE:
                continue
            if self._store_failed.is_set():
                continue
            try:
                self._blobs.keep(hashed_bytes(asset, self._folder))
            except StoreError as error:
                # Said once and not tried again: a store that is away would hold up the deploy at every asset.
                if not self._store_failed.is_set():
                    self._store_failed.set()
                    self._warn(f"The assets of this deploy are not kept, so a rollback can't bring them back: {error}")
            except Exception as error:  # noqa: BLE001 - an answer that fails would fail the deploy
                why = str(error) or type(error).__name__
                self._warn(f"{path_text(path)} of {resource} was not kept, so a rollback can't bring it back: {why}")


def assets_in(
    value: object, path: PropertyPath = (), *, secret: bool = False
) -> Iterator[tuple[PropertyPath, Mapping[str, Any], bool]]:
    """Every asset in a value of the engine's protocol, with its path and whether it is, or lies in, a secret."""
    if isinstance(value, Mapping):
        kind = signature(value)
        if kind == SECRET_SIGNATURE:
            yield from assets_in(value.get("value"), path, secret=True)
        elif kind == OUTPUT_VALUE_SIGNATURE:
            yield from assets_in(value.get("value"), path, secret=secret or value.get("secret") is True)
        elif asset_kind(value) is not None:
            plain, hidden = without_wrappers(value)
            yield path, plain, secret or hidden
        else:
            for key, inner in value.items():
                yield from assets_in(inner, (*path, key), secret=secret)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from assets_in(inner, (*path, index), secret=secret)


def without_wrappers(asset: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """An asset with the members it has in outputs and secrets laid open, and whether one of them is secret."""
    members = {name: found for (name, *_), found, _ in assets_in(asset.get("assets") or {})}
    hidden = any(is_secret for *_, is_secret in assets_in(asset.get("assets") or {}))
    return ({**asset, "assets": members} if "assets" in asset else asset), hidden
