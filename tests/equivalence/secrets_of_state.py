"""Opens the secrets of a state without the engine: thousands of states are compared, all of one passphrase and salt.

Read from the engine's pkg/secrets/passphrase/manager.go and sdk/go/common/resource/config/crypt.go, v3.259.0: the key
is PBKDF2-SHA256 of the passphrase, and a ciphertext is `v1:<nonce>:<AES-256-GCM>`.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rollback_plugin.replay.property_values import SECRET, SIGNATURE

ITERATIONS = 1_000_000
KEY_BYTES = 32


def opened(checkpoint: Mapping[str, Any], passphrase: str) -> dict[str, Any]:
    """The state with `plaintext` in place of every `ciphertext`."""
    latest = checkpoint["checkpoint"].get("latest") or {}
    providers = latest.get("secrets_providers") or {}
    salt = providers.get("state", {}).get("salt", "")
    if not salt:
        return dict(checkpoint)
    found: dict[str, Any] = _opened(dict(checkpoint), AESGCM(_key(passphrase, salt)))
    return found


@lru_cache(maxsize=4)
def _key(passphrase: str, settings: str) -> bytes:
    """`settings` is `v1:<salt>:<something encrypted, to try the passphrase on>`."""
    salt = base64.b64decode(settings.split(":")[1])
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ITERATIONS, KEY_BYTES)


def _opened(value: Any, cipher: AESGCM) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET and "ciphertext" in value:
            _, nonce, sealed = value["ciphertext"].split(":")
            plain = cipher.decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None)
            return {SIGNATURE: SECRET, "value": json.loads(plain)}
        return {key: _opened(item, cipher) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item, cipher) for item in value]
    return value
