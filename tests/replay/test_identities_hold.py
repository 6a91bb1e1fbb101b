"""The ids that resources really get are those that follow from their recorded inputs."""

import pytest

from rollback_plugin.replay.identities import IDENTITIES, Neighbour, identity_of
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

ONE_OF_EACH = Program(
    """
import json
import pulumi
import pulumi_aws as aws

trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"}}]})
allow = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
role = aws.iam.Role("role", assume_role_policy=trust)
policy = aws.iam.Policy("policy", policy=allow)
aws.iam.RolePolicy("inline", role=role.id, policy=allow)
aws.iam.RolePolicyAttachment("attachment", role=role.name, policy_arn=policy.arn)
function = aws.lambda_.Function("function", role=role.arn, runtime="python3.12", handler="app.handler", publish=True,
    code=pulumi.FileArchive("./app"))
alias = aws.lambda_.Alias("alias", function_name=function.name, function_version=function.version)
aws.lambda_.Alias("by-arn", function_name=function.arn, function_version=function.version)
aws.lambda_.Permission("permission", action="lambda:InvokeFunction", function=function.name,
    principal="events.amazonaws.com")
aws.lambda_.FunctionUrl("url", function_name=function.name, qualifier=alias.name, authorization_type="NONE")
group = aws.cloudwatch.LogGroup("group")
aws.cloudwatch.LogMetricFilter("filter", log_group_name=group.name, pattern="x",
    metric_transformation={"name": "n", "namespace": "s", "value": "1"})
aws.cloudwatch.MetricAlarm("alarm", comparison_operator="GreaterThanThreshold", evaluation_periods=1,
    metric_name="n", namespace="s", period=60, statistic="Sum", threshold=1)
rule = aws.cloudwatch.EventRule("rule", schedule_expression="rate(1 day)")
aws.cloudwatch.EventTarget("target", rule=rule.name, arn=function.arn)
aws.dynamodb.Table("table", billing_mode="PAY_PER_REQUEST", hash_key="id", attributes=[{"name": "id", "type": "S"}])
bucket = aws.s3.Bucket("bucket")
aws.s3.BucketObjectv2("object", bucket=bucket.id, content="x")
aws.s3.BucketVersioning("versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
aws.s3.BucketNotification("notification", bucket=bucket.id, eventbridge=True)
aws.sns.Topic("topic")
queues = [aws.sqs.Queue(f"queue-{number}") for number in range(2)]
aws.sqs.QueuePolicy("queue-policy", queue_url=queues[0].url, policy=allow)
aws.ssm.Parameter("parameter", type="SecureString", value="x")
""",
    {"app/app.py": "def handler(event, context): return 1\n"},
)
SERVED = 22
"""How many types of the table the stand-in provider serves; the others are as their documentation says."""


def test_ids_are_what_their_inputs_lead_to(stack: DeployedStack) -> None:
    stack.deploy(ONE_OF_EACH)

    resources = [r for r in Checkpoint.parse(stack.state).resources if r.type in IDENTITIES]
    for resource in resources:
        neighbours = [Neighbour(other.type, other.outputs or {}) for other in resources if other is not resource]
        assert identity_of(resource.type, resource.inputs or {}, neighbours) == resource.id, resource.urn
    assert len({resource.type for resource in resources}) == SERVED
