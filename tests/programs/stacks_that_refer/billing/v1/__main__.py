"""Billing listens to the platform's topic, and keeps to its limits."""

import pulumi
import pulumi_aws as aws

platform = pulumi.StackReference(f"organization/platform/{pulumi.get_stack()}")
topic_arn = platform.require_output("eventsTopicArn")
limits = platform.require_output("limits")

invoices = aws.sqs.Queue("invoices")
aws.sqs.QueuePolicy(
    "invoices",
    queue_url=invoices.url,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": invoices.arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
                }
            ],
        }
    ),
)
aws.sns.TopicSubscription("invoices", topic=topic_arn, protocol="sqs", endpoint=invoices.arn)
aws.ssm.Parameter(
    "most-messages", type="String", value=limits.apply(lambda known: str(known["messages"])), description="A minute"
)

pulumi.export("queueUrl", invoices.url)
pulumi.export("regions", limits.apply(lambda known: known["regions"]))
