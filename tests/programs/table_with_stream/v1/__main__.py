"""Orders: a table whose stream feeds functions, each with its own key-encrypted copy of the data.

Stack config: orders:batchSize
"""

import json

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

config = pulumi.Config()

key = aws.kms.Key("orders", description="Orders and what is derived from them", enable_key_rotation=True)
aws.kms.Alias("orders", name=f"alias/orders-{pulumi.get_stack()}", target_key_id=key.id)

orders = aws.dynamodb.Table(
    "orders",
    hash_key="customer",
    range_key="placed",
    billing_mode="PAY_PER_REQUEST",
    attributes=[{"name": "customer", "type": "S"}, {"name": "placed", "type": "N"}],
    ttl={"attribute_name": "forgotten", "enabled": True},
    stream_enabled=True,
    stream_view_type="NEW_AND_OLD_IMAGES",
    opts=ResourceOptions(protect=True),
)

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


class Consumer(pulumi.ComponentResource):
    """A function that is given every change of the table, and keeps what it makes of it."""

    table: aws.dynamodb.Table

    def __init__(self, name: str, batch_size: int) -> None:
        super().__init__("orders:index:Consumer", name)
        mine = ResourceOptions(parent=self)
        self.table = aws.dynamodb.Table(
            f"{name}-view",
            hash_key="id",
            billing_mode="PAY_PER_REQUEST",
            attributes=[{"name": "id", "type": "S"}],
            opts=mine,
        )
        role = aws.iam.Role(f"{name}-role", assume_role_policy=TRUST, opts=mine)
        aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.id,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Action": "dynamodb:GetRecords", "Resource": orders.stream_arn},
                        {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": self.table.arn},
                        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key.arn},
                    ],
                }
            ),
            opts=mine,
        )
        function = aws.lambda_.Function(
            f"{name}-function",
            role=role.arn,
            runtime="python3.12",
            handler=f"{name}.handle",
            code=pulumi.FileArchive("consumers"),
            environment={"variables": {"VIEW": self.table.name}},
            kms_key_arn=key.arn,
            opts=mine,
        )
        aws.lambda_.EventSourceMapping(
            f"{name}-changes",
            event_source_arn=orders.stream_arn,
            function_name=function.arn,
            starting_position="TRIM_HORIZON",
            batch_size=batch_size,
            maximum_retry_attempts=10,
            opts=mine,
        )
        self.register_outputs({"view": self.table.name})


totals = Consumer("totals", config.require_int("batchSize"))

pulumi.export("ordersTable", orders.name)
pulumi.export("views", {"totals": totals.table.name})
pulumi.export("streamArn", orders.stream_arn)
