"""The provider's configuration, as the engine hands it to Configure."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .values import Properties


@dataclass(frozen=True)
class Configuration:
    """What of `aws:*` this provider honours. Everything else the real provider knows is accepted and has no effect."""

    region: str = ""
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    default_tags: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""

    @classmethod
    def from_properties(cls, properties: Properties, environment: Mapping[str, str] = os.environ) -> "Configuration":
        """From the provider resource's inputs; non-string values may come JSON-encoded, as the engine sends them.

        The region falls back to AWS_REGION and AWS_DEFAULT_REGION, as the bridge does (pulumi-aws, provider/config.go).
        The endpoint is the one of `endpoints` for any service, else AWS_ENDPOINT_URL.
        """
        default_tags = _decoded(properties.get("defaultTags")) or {}
        endpoints = [each for each in _decoded(properties.get("endpoints")) or [] if each]
        urls = sorted({url for each in endpoints for url in each.values()})
        return cls(
            region=properties.get("region")
            or environment.get("AWS_REGION", "")
            or environment.get("AWS_DEFAULT_REGION", ""),
            access_key=properties.get("accessKey", ""),
            secret_key=properties.get("secretKey", ""),
            token=properties.get("token", ""),
            default_tags=default_tags.get("tags") or {},
            endpoint=urls[0] if urls else environment.get("AWS_ENDPOINT_URL", ""),
        )


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value
