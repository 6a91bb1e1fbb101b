"""What the other stacks stand on: where events are told, now in order, where artefacts lie, how secrets are kept."""

import pulumi
import pulumi_aws as aws

key = aws.kms.Key("shared", description="Secrets of all services", enable_key_rotation=True)
# Order can't be added to a topic: this is another topic, and those who use it follow at their next deploy.
events = aws.sns.Topic("events", display_name="Events", fifo_topic=True, content_based_deduplication=True)
artefacts = aws.s3.Bucket("artefacts", force_destroy=True, tags={"retention": "short"})
audit = aws.cloudwatch.LogGroup("audit", retention_in_days=90)

pulumi.export("eventsTopicArn", events.arn)
pulumi.export("artefactsBucket", artefacts.bucket)
pulumi.export("keyArn", key.arn)
pulumi.export("limits", {"messages": 500, "regions": ["us-east-1", "eu-west-1"]})
pulumi.export("auditLogGroup", audit.name)
