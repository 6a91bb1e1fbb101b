"""Opens the secrets of a state without the engine: many states are compared, all encrypted with one key.

Read from the engine's pkg/secrets/cloud/manager.go and sdk/go/common/resource/config/crypt.go, v3.259.0: the stack's
settings have the data key, encrypted by KMS, and a ciphertext is `v1:<nonce>:<AES-256-GCM>`.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rollback_plugin.replay.property_values import SECRET, SIGNATURE


def opened(state: Mapping[str, Any], data_key: bytes) -> dict[str, Any]:
    """The state with `value` in place of every `ciphertext`."""
    found: dict[str, Any] = _opened(dict(state), AESGCM(data_key))
    return found


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
