"""Which texts of a version are secret."""

from typing import Any, cast

from rollback_plugin.replay.secret_values import secret_values
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.properties import SECRET_SIGNATURE, SIGNATURE_KEY
from rollback_plugin.versions.version import ConfigValue


class Opened:
    """A double of engine and archive: config and state as the engine exports them."""

    def __init__(self, config: dict[str, ConfigValue], properties: dict[str, Any]) -> None:
        self.config = config
        self.properties = properties
        self.stack = StackName("shop", "dev")

    def read(self, version: int) -> "Opened":
        return self

    def checkpoint(self, version: int) -> "Opened":
        return self

    @property
    def document(self) -> dict[str, Any]:
        return {"deployment": {"resources": [{"outputs": self.properties}]}}

    def decrypt(self, checkpoint: Checkpoint) -> tuple["Opened"]:
        return (self,)

    def config_value(self, key: str, value: ConfigValue, checkpoint: Checkpoint) -> str:
        return value.value.removeprefix("opened ")


def values(config: dict[str, ConfigValue] | None = None, properties: dict[str, Any] | None = None) -> set[str]:
    opened = cast("Any", Opened(config or {}, properties or {}))
    return set(secret_values(opened, opened, 1))


def secret(plaintext: str) -> dict[str, str]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": plaintext}


def test_secret_config_and_every_text_in_it() -> None:
    config = {
        "shop:plain": ConfigValue(value="everybody knows"),
        "shop:token": ConfigValue(value="opened hunter22", secret=True),
        "shop:keys": ConfigValue(value='opened {"a": ["k1k1k1", 4711]}', secret=True, object=True),
    }

    assert values(config) == {"hunter22", '{"a": ["k1k1k1", 4711]}', "k1k1k1", "4711"}


def test_secret_properties_wherever_they_are() -> None:
    properties = {"name": "orders", "nested": [{"password": secret('"s3cret"')}], "all": secret('{"key": "k2k2"}')}

    assert values(properties=properties) == {"s3cret", "k2k2"}


def test_json_in_a_secret_text_is_looked_into() -> None:
    assert "inner-key" in values(properties={"policy": secret('"{\\"key\\": \\"inner-key\\"}"')})
