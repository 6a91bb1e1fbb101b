"""The backend's history stays truthful: a replay ran with the config of the version it re-applied."""

import pytest

from tests.replay.deployed_stack import PASSPHRASE, DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

PROGRAM = Program(
    "import pulumi\n"
    "import pulumi_aws as aws\n"
    "config = pulumi.Config()\n"
    "aws.ssm.Parameter('token', type='SecureString', value=config.require_secret('token'))\n"
    "pulumi.export('limits', config.require_object('limits'))\n"
)


def configure(stack: DeployedStack, word: str) -> None:
    stack.pulumi("config", "set", "--secret", "token", f"{word}-token")
    stack.pulumi("config", "set", "--path", "limits.name", word)
    stack.pulumi("config", "set", "--path", "--secret", "limits.key", f"{word}-key")


def test_the_recorded_config_is_the_replays_config(stack: DeployedStack) -> None:
    configure(stack, "first")
    target = stack.deploy(PROGRAM)
    outputs = stack.outputs()
    configure(stack, "second")
    stack.deploy(PROGRAM)

    stack.replay().apply(target, "operation-1", "rollback")

    configs = [update.config for update in stack.backend.updates(stack.name)]
    assert configs[0] == configs[2] != configs[1]
    assert stack.outputs() == outputs
    configure(stack, "first")
    stack.must_be(PROGRAM)


def test_config_encrypted_with_other_keys_is_refused(stack: DeployedStack) -> None:
    configure(stack, "first")
    target = stack.deploy(PROGRAM)
    # The same passphrase again gives another key: the salt is new.
    stack.pulumi("stack", "change-secrets-provider", "passphrase", answer=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    configure(stack, "second")
    stack.deploy(PROGRAM)

    (refusal,) = stack.replay().plan(target).refusals

    assert refusal.property == "config"
    assert "change-secrets-provider" in refusal.why
