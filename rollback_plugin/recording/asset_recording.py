"""Which bytes of a version's assets are kept, and what is said about the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.recording.asset_bytes import form_of, hashed_bytes
from rollback_plugin.recording.remote_asset import fetch
from rollback_plugin.versions.assets import AssetKind, AssetReference
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import sha256_hex
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import AssetKept, AssetMissing

REMOTE = (AssetKind.REMOTE_FILE, AssetKind.REMOTE_ARCHIVE)


@dataclass(frozen=True, slots=True)
class AssetRecording:
    """Kept assets by the engine's hash, and those nobody has the bytes of."""

    kept: Mapping[str, AssetKept]
    missing: tuple[AssetMissing, ...]
    warnings: tuple[str, ...]


def record_assets(
    number: int,
    checkpoint: Checkpoint,
    blobs: BlobStore,
    project_root: Path | None,
    fetch: Callable[[str], bytes] = fetch,
) -> AssetRecording:
    """Look for every asset's bytes: among the kept ones, where `track()` put them, then in the project's folder and at
    the address the program names, where only bytes with the very hash of the checkpoint are taken. Raises
    `StoreError`s.

    Args:
        fetch: reads an address; raises `InvalidConfiguration`.
    """
    folder = program_folder(project_root) if project_root is not None else None
    kept: dict[str, AssetKept] = {}
    missing: list[AssetMissing] = []
    for asset in checkpoint.assets():
        if not asset.needs_bytes or asset.hash in kept:
            continue
        why = _missing(asset, blobs, folder, fetch)
        if why is None:
            kept[asset.hash] = AssetKept(form=form_of(asset.kind, asset.path))
        else:
            missing.append(
                AssetMissing(urn=asset.urn, property=asset.property_text, hash=asset.hash, path=asset.path, why=why)
            )
    return AssetRecording(kept, tuple(missing), tuple(_warning(number, asset) for asset in missing))


def program_folder(project_root: Path) -> Path:
    """Where the engine runs the program, and relative asset paths start: the folder of `main` in Pulumi.yaml, or its
    own."""
    for name in ("Pulumi.yaml", "Pulumi.yml"):
        path = project_root / name
        if path.is_file():
            project = yaml.safe_load(path.read_text())
            main = project_root / str((project.get("main") if isinstance(project, dict) else None) or ".")
            return main if main.is_dir() else main.parent
    return project_root


def _missing(asset: AssetReference, blobs: BlobStore, folder: Path | None, fetch: Callable[[str], bytes]) -> str | None:
    """Why the bytes can't be had; None when they are in the blob store now."""
    if not asset.hash:
        return "the checkpoint doesn't say what they were"
    if blobs.claim(asset.hash):
        return None
    if asset.kind in REMOTE:
        return _missing_at_address(asset, blobs, fetch)
    if folder is None:
        return "they were not kept when it was deployed"
    try:
        data = hashed_bytes(asset.value, folder)
    except (OSError, InvalidConfiguration):
        return "they were not kept when it was deployed, and are not in the project's folder"
    if sha256_hex(data) != asset.hash:
        return "they were not kept when it was deployed, and what is in the project's folder now is something else"
    blobs.keep(data)
    return None


def _missing_at_address(asset: AssetReference, blobs: BlobStore, fetch: Callable[[str], bytes]) -> str | None:
    try:
        data = fetch(str(asset.value["uri"]))
    except InvalidConfiguration as error:
        return f"the engine fetched them from an address: {error}"
    if sha256_hex(data) != asset.hash:
        return "the engine fetched them from an address, and what is there now is something else"
    blobs.keep(data)
    return None


def _warning(number: int, asset: AssetMissing) -> str:
    named = f" ({asset.path})" if asset.path else ""
    return (
        f"Version {number} can't be re-applied once {asset.urn} has another {asset.property}{named}: the bytes are"
        f" gone, because {asset.why}. Call rollback_plugin.track() at the start of the program, or run `rollback"
        " record` in the project's folder right after `pulumi up`."
    )
