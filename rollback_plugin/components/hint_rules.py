"""Which events become hints for the workers: event patterns, no resources."""

import json
from collections.abc import Sequence

ALARMS = json.dumps({"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]})
"""Every alarm of the account and region: which are a stack's own is known from its versions, and changes with them."""

EACH_MINUTE = "rate(1 minute)"


def checkpoints(bucket: str, prefix: str, stacks: Sequence[str]) -> str:
    """The end of every update of these stacks (patterns `project/stack`): its checkpoint in the backend's history.

    The bucket has to send its events to EventBridge
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html).
    """
    keys = [{"wildcard": f"{prefix}.pulumi/history/{stack}/*.checkpoint.json*"} for stack in stacks]
    return json.dumps(
        {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [bucket]}, "object": {"key": keys}},
        }
    )
