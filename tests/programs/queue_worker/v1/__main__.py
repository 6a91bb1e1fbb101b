"""Thumbnails: a worker that takes jobs from queues, and what tells people that jobs fail.

Stack config: thumbnails:queues (a list of names), thumbnails:pagerAddress (secret)
"""

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
queue_names: list[str] = config.require_object("queues")
account = aws.get_caller_identity()
region = aws.get_region()

alerts = aws.sns.Topic("alerts", display_name="Thumbnails")
aws.sns.TopicSubscription("pager", topic=alerts.arn, protocol="https", endpoint=config.require_secret("pagerAddress"))

failed = aws.sqs.Queue("failed", message_retention_seconds=14 * 24 * 3600)
queues = {
    name: aws.sqs.Queue(
        name,
        visibility_timeout_seconds=60,
        redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": failed.arn, "maxReceiveCount": 3}),
    )
    for name in queue_names
}

role = aws.iam.Role(
    "worker",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": account.account_id}},
                }
            ],
        }
    ),
)
may_receive = pulumi.Output.all(*(queue.arn for queue in queues.values())).apply(
    lambda arns: aws.iam.get_policy_document(
        statements=[
            {"actions": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "resources": arns}
        ]
    )
)
aws.iam.RolePolicy("may-receive", role=role.id, policy=may_receive.json)

worker = aws.lambda_.Function(
    "worker",
    role=role.arn,
    runtime="python3.12",
    handler="worker.handle",
    timeout=30,
    code=pulumi.AssetArchive(
        {
            "worker.py": pulumi.FileAsset("worker/worker.py"),
            "sizes.json": pulumi.StringAsset(json.dumps({"small": 128})),
        }
    ),
    environment={"variables": {"REGION": region.region, "ALERTS": alerts.arn}},
)
for name, queue in queues.items():
    aws.lambda_.EventSourceMapping(f"from-{name}", event_source_arn=queue.arn, function_name=worker.arn, batch_size=5)

alarm = aws.cloudwatch.MetricAlarm(
    "jobs-fail",
    namespace="AWS/SQS",
    metric_name="ApproximateNumberOfMessagesVisible",
    dimensions={"QueueName": failed.name},
    statistic="Maximum",
    period=60,
    evaluation_periods=1,
    threshold=0,
    comparison_operator="GreaterThanThreshold",
    alarm_actions=[alerts.arn],
)
aws.cloudwatch.Dashboard(
    "thumbnails",
    dashboard_name=f"thumbnails-{pulumi.get_stack()}",
    dashboard_body=pulumi.Output.json_dumps(
        {
            "widgets": [
                {
                    "type": "metric",
                    "x": 0,
                    "y": 6 * index,
                    "width": 12,
                    "height": 6,
                    "properties": {
                        "metrics": [["AWS/SQS", "NumberOfMessagesReceived", "QueueName", queue.name]],
                        "region": region.region,
                        "title": name,
                    },
                }
                for index, (name, queue) in enumerate(queues.items())
            ]
        }
    ),
)

pulumi.export("queueUrls", {name: queue.url for name, queue in queues.items()})
pulumi.export("alarmNames", [alarm.name])
