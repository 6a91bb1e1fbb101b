"""Where a stack's notices go: what its config says, and what the environment says for every stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from rollback_plugin.backend.history import Backend
from rollback_plugin.notices.addresses import NOTIFY_KEY, Channels, configured_addresses, environment_addresses
from rollback_plugin.notices.channel import Channel
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import ConfigValue

ANSWER_HOLDS_FOR = timedelta(seconds=1)
"""A process that begins tells of a day's events at once, and to find the stack's last update takes the longer the more
updates there were."""


class ConfigOpener(Protocol):
    """Opens what is secret in a stack's config."""

    def config_value(self, key: str, value: ConfigValue, checkpoint: Checkpoint) -> str: ...


@dataclass
class StackChannels:
    """Called when there is something to tell: the config is that of the stack's last update."""

    stack: StackName
    backend: Backend
    opener: ConfigOpener
    environ: Mapping[str, str]
    channels: Channels
    clock: Callable[[], datetime]
    _answer: Sequence[Channel] = field(default=(), init=False, repr=False)
    _answered_at: datetime | None = field(default=None, init=False, repr=False)
    _opened: dict[ConfigValue, list[str]] = field(default_factory=dict, init=False, repr=False)
    """Opening a secret takes the engine half a second."""

    def __call__(self) -> Sequence[Channel]:
        """Raises `InvalidConfiguration`, and the errors of backend and engine."""
        now = self.clock()
        if self._answered_at is None or not timedelta(0) <= now - self._answered_at < ANSWER_HOLDS_FOR:
            addresses = [*environment_addresses(self.environ), *self._configured()]
            self._answer = [self.channels.at(address) for address in dict.fromkeys(addresses)]
            self._answered_at = now
        return self._answer

    def _configured(self) -> list[str]:
        updates = self.backend.updates(self.stack)
        found = updates[-1].config.get(NOTIFY_KEY) if updates else None
        if found is None:
            return []
        value = ConfigValue(value=found.value, secret=found.secret, object=found.object)
        if value not in self._opened:
            current = Checkpoint.parse(self.backend.current(self.stack), source="the stack's present state")
            self._opened[value] = configured_addresses(self.opener.config_value(NOTIFY_KEY, value, current))
        return self._opened[value]
