"""What the other stacks stand on: where events are told, where artefacts lie, how secrets are encrypted."""

import pulumi
import pulumi_aws as aws

key = aws.kms.Key("shared", description="Secrets of all services")
events = aws.sns.Topic("events", display_name="Events")
artefacts = aws.s3.Bucket("artefacts", force_destroy=True)

pulumi.export("eventsTopicArn", events.arn)
pulumi.export("artefactsBucket", artefacts.bucket)
pulumi.export("keyArn", key.arn)
pulumi.export("limits", {"messages": 100, "regions": ["us-east-1"]})
