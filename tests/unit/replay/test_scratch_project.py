"""The folder without a program that the engine runs in."""

import json

import pytest

from rollback_plugin.replay.scratch_project import scratch_project
from rollback_plugin.stack import StackName
from rollback_plugin.versions.version import ConfigValue

SHOP = StackName("shop", "dev")


@pytest.mark.parametrize(
    ("secrets_providers", "settings"),
    [
        (None, {}),
        ({"type": "passphrase", "state": {"salt": "v1:salt"}}, {"encryptionsalt": "v1:salt"}),
        (
            {"type": "cloud", "state": {"url": "awskms://alias/key", "encryptedkey": "wrapped"}},
            {"secretsprovider": "awskms://alias/key", "encryptedkey": "wrapped"},
        ),
    ],
)
def test_a_scratch_project_opens_secrets_as_the_stack_does(
    secrets_providers: dict[str, object] | None, settings: dict[str, str]
) -> None:
    config = {
        "shop:plain": ConfigValue(value="a"),
        "shop:secret": ConfigValue(value="v1:ciphertext", secret=True),
        "shop:object": ConfigValue(value='{"inner":{"secure":"v1:ciphertext"}}', object=True),
    }

    with scratch_project(SHOP, config, secrets_providers) as folder:
        project = json.loads((folder / "Pulumi.yaml").read_text())
        written = json.loads((folder / "Pulumi.dev.yaml").read_text())
        mode = folder.stat().st_mode & 0o777

    assert project["name"] == "shop"
    assert mode == 0o700
    assert not folder.exists()
    assert written == {
        **settings,
        "config": {
            "shop:plain": "a",
            "shop:secret": {"secure": "v1:ciphertext"},
            "shop:object": {"inner": {"secure": "v1:ciphertext"}},
        },
    }
