"""Where a stack's notices go: its last update's config, opened once, and the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NoReturn, cast

import pytest

from rollback_plugin.backend.updates import ConfigValue as BackendConfigValue
from rollback_plugin.backend.updates import Update
from rollback_plugin.controller.stack_channels import ANSWER_HOLDS_FOR, StackChannels
from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.notices.addresses import Channels
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import ConfigValue
from tests.unit.controller.stories import NOON

if TYPE_CHECKING:
    from rollback_plugin.backend.history import Backend

SHOP = StackName("shop", "dev")
SECRET = BackendConfigValue("ciphertext", secret=True, object=False)
TOPIC = "sns:arn:aws:sns:eu-central-1:123456789012:incidents"


def unused(*_: object) -> NoReturn:
    raise AssertionError("nothing is sent here")


@dataclass
class Kept:
    """A double of the backend: a stack, and the config of its updates."""

    configs: list[Mapping[str, BackendConfigValue]] = field(default_factory=list)
    asked: int = 0

    def updates(self, stack: StackName) -> list[Update]:
        self.asked += 1
        return [
            Update(
                name=f"dev-{number}",
                kind="update",
                succeeded=True,
                started_at=NOON,
                finished_at=NOON,
                message="",
                environment={},
                config=config,
                resource_changes={},
            )
            for number, config in enumerate(self.configs)
        ]

    def current(self, stack: StackName) -> bytes:
        return b'{"version": 3, "checkpoint": {"latest": {"resources": []}}}'


@dataclass
class Opener:
    """A double of the engine: what is secret is this."""

    plain: str = "https://hooks.example.com/hunter2"
    opened: int = 0

    def config_value(self, key: str, value: ConfigValue, checkpoint: Checkpoint) -> str:
        self.opened += 1
        return self.plain if value.secret else value.value


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


def channels(
    kept: Kept, opener: Opener, environ: Mapping[str, str] | None = None, clock: Clock | None = None
) -> StackChannels:
    kinds = Channels(sns=unused, http=unused)
    return StackChannels(SHOP, cast("Backend", kept), opener, environ or {}, kinds, clock or Clock())


def test_a_stack_without_a_word_on_it_has_none() -> None:
    assert channels(Kept(), Opener())() == []
    assert channels(Kept([{}]), Opener())() == []


def test_a_secret_address_is_opened_once() -> None:
    opener, clock = Opener(), Clock()
    found = channels(Kept([{"rollback:notify": SECRET}]), opener, clock=clock)
    first = found()
    clock.now += timedelta(hours=1)

    assert [channel.kind for channel in (*first, *found())] == ["webhook", "webhook"]
    assert opener.opened == 1


def test_a_day_of_events_told_at_once_has_the_last_update_looked_for_once() -> None:
    kept, clock = Kept([{"rollback:notify": SECRET}]), Clock()
    found = channels(kept, Opener(), clock=clock)

    for _ in range(100):
        found()
        clock.now += timedelta(milliseconds=9)

    assert kept.asked == 1


def test_a_clock_that_was_put_back_has_it_looked_for_again() -> None:
    kept, clock = Kept([{}]), Clock()
    found = channels(kept, Opener(), clock=clock)
    found()
    clock.now -= timedelta(hours=1)
    found()

    assert kept.asked == 2


def test_the_last_update_says_where_to() -> None:
    kept, clock = Kept([{"rollback:notify": SECRET}]), Clock()
    found = channels(kept, Opener(), clock=clock)
    found()

    clock.now += ANSWER_HOLDS_FOR
    kept.configs.append({"rollback:notify": BackendConfigValue(f'["{TOPIC}"]', secret=False, object=True)})

    assert [channel.kind for channel in found()] == ["sns"]


def test_the_environment_s_go_for_every_stack_and_none_twice() -> None:
    kept = Kept([{"rollback:notify": SECRET}])
    environ = {"ROLLBACK_NOTIFY": f"{TOPIC} https://hooks.example.com/hunter2"}

    assert [channel.kind for channel in channels(kept, Opener(), environ)()] == ["sns", "webhook"]


def test_what_is_no_address_is_said_without_it() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        channels(Kept([{"rollback:notify": SECRET}]), Opener("hunter2"))()

    assert "hunter2" not in str(refused.value)
