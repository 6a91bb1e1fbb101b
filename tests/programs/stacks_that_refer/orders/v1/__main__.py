"""Orders tells the others, on the platform's topic.

Stack config: orders:apiKey (secret)
"""

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
platform = pulumi.StackReference(f"organization/platform/{pulumi.get_stack()}")
topic_arn = platform.require_output("eventsTopicArn")

api_key = aws.secretsmanager.Secret("api-key", kms_key_id=platform.require_output("keyArn"))
aws.secretsmanager.SecretVersion("api-key", secret_id=api_key.id, secret_string=config.require_secret("apiKey"))

publisher = aws.iam.Role(
    "publisher",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    ),
)
aws.iam.RolePolicy(
    "publishes",
    role=publisher.id,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": topic_arn}],
        }
    ),
)
aws.s3.BucketObjectv2(
    "contract",
    bucket=platform.require_output("artefactsBucket"),
    key="contracts/orders.json",
    content=pulumi.Output.json_dumps({"version": 1, "topic": topic_arn}),
    content_type="application/json",
)

pulumi.export("publishesTo", topic_arn)
pulumi.export("secretArn", api_key.arn)
