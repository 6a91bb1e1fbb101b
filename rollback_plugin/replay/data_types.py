"""Resource types that hold data: what they contain exists nowhere else, and deleting or replacing them loses it.

The list is `data_types.toml` beside this file; a stack adds types of its own with config `rollback:dataTypes`. A type
in neither is treated as something that can be made again from its inputs.
"""

import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Protocol

import yaml

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.stored import Misfit, fitted

DATA_TYPES_KEY = "rollback:dataTypes"

HoldsData = Callable[[str], bool]
"""Whether a resource of this type holds data."""


class Configured(Protocol):
    """A config value, of a version or of the backend's history."""

    @property
    def value(self) -> str:
        """Plain text, or ciphertext where `secret`; JSON where it is structured."""
        ...

    @property
    def secret(self) -> bool: ...


@cache
def data_bearing_types() -> frozenset[str]:
    """The type tokens that are listed in the package."""
    listed = tomllib.loads(resources.files("rollback_plugin.replay").joinpath("data_types.toml").read_text("utf-8"))
    return frozenset(token for group in listed.values() for token in group)


def holds_data(resource_type: str) -> bool:
    """Whether a resource of this type holds data that its inputs can't bring back, by the package's own list."""
    return resource_type in data_bearing_types()


def holds_data_as_configured(*configs: Mapping[str, Configured]) -> HoldsData:
    """`holds_data`, and whatever types any of these stack configs adds: `rollback:dataTypes`, a list of type tokens.

    Raises `InvalidConfiguration` for one that is no such list: taken as empty, it would lose data.
    """
    added = frozenset(token for config in configs if DATA_TYPES_KEY in config for token in _listed(config))
    return lambda resource_type: resource_type in added or holds_data(resource_type)


def _listed(config: Mapping[str, Configured]) -> list[str]:
    value = config[DATA_TYPES_KEY]
    if not value.secret:
        with suppress(yaml.YAMLError, Misfit):
            # JSON is YAML, too.
            return fitted(yaml.safe_load(value.value), list[str])
    raise InvalidConfiguration(
        f"Config {DATA_TYPES_KEY} is not a plain list of resource types. Set it as in: pulumi config set"
        f" {DATA_TYPES_KEY} '[\"aws:ec2/instance:Instance\"]'."
    )
