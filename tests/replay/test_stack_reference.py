"""A stack that reads another's outputs is rolled back to its own older version, with what the other stack says now."""

from pathlib import Path

import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


def provider(address: str) -> Program:
    return Program(
        f"import pulumi\npulumi.export('address', 'https://{address}.example')\npulumi.export('key',"
        f" pulumi.Output.secret('key-of-{address}'))"
    )


def consumer(text: str) -> Program:
    return Program(
        f"""
import pulumi
import pulumi_aws as aws
orders = pulumi.StackReference("organization/orders/dev")
address = orders.get_output("address")
aws.ssm.Parameter("address", type="String", value=pulumi.Output.concat("{text} ", address))
aws.ssm.Parameter("key", type="SecureString", value=orders.get_output("key"))
pulumi.export("address", address)
"""
    )


def test_the_other_stacks_present_outputs_are_used(tmp_path: Path, aws: EmbeddedAws) -> None:
    orders, shop = DeployedStack(tmp_path, aws, "orders"), DeployedStack(tmp_path, aws, "shop")
    orders.deploy(provider("first"))
    older = shop.deploy(consumer("older"))
    shop.deploy(consumer("newer"))
    orders.deploy(provider("second"))

    shop.replay().apply(older, "operation-1", "rollback")

    shop.must_be(consumer("older"))
    assert shop.outputs() == {"address": "https://second.example"}
