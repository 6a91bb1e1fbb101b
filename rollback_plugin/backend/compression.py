"""State files as the engine may have written them: plain, gzip (PULUMI_DIY_BACKEND_GZIP), or zstandard."""

import gzip
import zlib

import zstandard

from rollback_plugin.errors import DamagedSnapshot

_ENDINGS = (".json", ".json.gz", ".json.zst")

_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


def decompressed(data: bytes, key: str) -> bytes:
    """The JSON text. Its first bytes tell how it was compressed: after compression was switched on or off, the engine
    copies a state file to a history file with the other ending. Raises `DamagedSnapshot`, naming `key`.
    """
    try:
        if data.startswith(_GZIP):
            return gzip.decompress(data)
        if data.startswith(_ZSTANDARD):
            return _unzstandard(data)
    except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
        raise DamagedSnapshot(
            f"The backend's file {key} can't be unpacked ({error}): it was cut short or changed. Bring it back from a "
            "backup of the backend."
        ) from error
    return data


def compressed_as(state: bytes, key: str) -> bytes:
    """The JSON text as the engine writes it under such a `key` (`saveCheckpoint` in pkg/backend/diy/state.go)."""
    if key.endswith(".gz"):
        return gzip.compress(state)
    if key.endswith(".zst"):
        return zstandard.ZstdCompressor().compress(state)
    return state


def _unzstandard(data: bytes) -> bytes:
    """Every frame, each to its end: zstandard's own readers take a frame that was cut short for a whole one."""
    unpacked = b""
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        unpacked += frame.decompress(data)
        if not frame.eof:
            raise EOFError("a frame has no end")
        data = frame.unused_data
    return unpacked


def without_state_ending(name: str) -> str | None:
    """`name` without `.json`, `.json.gz` or `.json.zst`; None when it ends otherwise (backups, file attributes)."""
    for ending in _ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending)
    return None
