"""One finished update of a stack, as the backend's history has it."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from rollback_plugin.errors import UnsupportedBackend
from rollback_plugin.stored import Misfit, read

_OPERATION = re.compile(r"rollback-plugin (?P<operation>[^\s:]+): ")


class ConfigValue(Struct, frozen=True):
    """A value of stack config. `value` is ciphertext where `secret`, JSON where `object` (with ciphertext inside
    it)."""

    value: str
    secret: bool
    object: bool


class Update(Struct, frozen=True):
    """An update, destroy, refresh or import that ended. Times are in whole seconds, as the backend keeps them."""

    name: str
    """Of its files in the history, without their endings: `<stack>-<nanoseconds>`. Unique in its stack."""
    kind: str
    """`update`, `destroy`, `refresh`, `import`, … (the engine's apitype.UpdateKind)."""
    succeeded: bool
    started_at: datetime
    finished_at: datetime
    message: str
    environment: Mapping[str, str]
    config: Mapping[str, ConfigValue]
    resource_changes: Mapping[str, int]
    """How many resources by what was done with them: `create`, `update`, `same`, …"""

    @property
    def operation(self) -> str | None:
        """Our operation that ran this update; None when it was a deploy of somebody's."""
        found = _OPERATION.match(self.message)
        return found["operation"] if found else None


class _HistoryFile(Struct, frozen=True, kw_only=True):
    """backend.UpdateInfo of the engine, pkg/backend/updates.go."""

    kind: str
    started_at: int = field(name="startTime")
    finished_at: int = field(name="endTime")
    message: str = ""
    environment: dict[str, str] | None = None
    config: dict[str, Any] | None = None
    result: str
    resource_changes: dict[str, int] | None = field(default=None, name="resourceChanges")


def parsed_update(name: str, data: bytes, key: str) -> Update:
    """The update in a history file. Raises `UnsupportedBackend`, naming `key`, when it isn't one."""
    try:
        file = read(data, _HistoryFile)
    except Misfit as misfit:
        raise UnsupportedBackend(
            f"The backend's history file {key} can't be read: {misfit.place or 'all of it'} is not as Pulumi writes it."
            " Was it changed by hand, or written by a Pulumi CLI newer than this rollback-plugin? Then upgrade: pip"
            " install --upgrade rollback-plugin."
        ) from None
    return Update(
        name=name,
        kind=file.kind,
        succeeded=file.result == "succeeded",
        started_at=datetime.fromtimestamp(file.started_at, UTC),
        finished_at=datetime.fromtimestamp(file.finished_at, UTC),
        message=file.message,
        environment=file.environment or {},
        config={key: config_value(value) for key, value in (file.config or {}).items()},
        resource_changes=file.resource_changes or {},
    )


def config_value(value: Any) -> ConfigValue:
    """A config value as history and stack config files write it (the engine's config.Value.MarshalJSON): a secret is an
    object with the one key `secure`, also deep inside a structured value."""
    if isinstance(value, str):
        return ConfigValue(value, secret=False, object=False)
    if isinstance(value, dict) and value.keys() == {"secure"} and isinstance(value["secure"], str):
        return ConfigValue(value["secure"], secret=True, object=False)
    structured = isinstance(value, (dict, list))
    return ConfigValue(json.dumps(value), secret=structured and _holds_secret(value), object=structured)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        is_secret = value.keys() == {"secure"} and isinstance(value["secure"], str)
        return is_secret or any(_holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secret(item) for item in value)
