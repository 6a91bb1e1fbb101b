"""One program with every resource type: deployed, seen unchanged, refreshed, changed, destroyed without a trace."""

import json
from typing import Any

import pytest

from rollback_plugin.embedded.provider.services import RESOURCE_TYPES

from .conftest import Aws, Project

# Nine runs of the engine with fifty resources: more than the usual limit when the machine is busy.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

RELEASE = {release}
TAGS = {{"team": "shop", "release": str(RELEASE)}}

trust = {{"Version": "2012-10-17", "Statement": [
    {{"Effect": "Allow", "Principal": {{"Service": "lambda.amazonaws.com"}}, "Action": "sts:AssumeRole"}}]}}
statement = {{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": f"arn:aws:logs:*:*:release-{{RELEASE}}"}}
policy_json = json.dumps({{"Version": "2012-10-17", "Statement": [statement]}})

role = aws.iam.Role("role", assume_role_policy=json.dumps(trust), description=f"release {{RELEASE}}", tags=TAGS)
aws.iam.RolePolicy("role-policy", role=role.name, policy=policy_json)
policy = aws.iam.Policy("policy", policy=policy_json)
aws.iam.RolePolicyAttachment("attachment", role=role.name, policy_arn=policy.arn)

code = pulumi.AssetArchive({{"index.py": pulumi.StringAsset(f"def handler(e, c): return {{RELEASE}}")}})
layer = aws.lambda_.LayerVersion("layer", layer_name="shared", code=code, compatible_runtimes=["python3.11"])
function = aws.lambda_.Function("function", role=role.arn, handler="index.handler", runtime="python3.11", publish=True,
    code=code, layers=[layer.arn], timeout=5 + RELEASE, tags=TAGS,
    environment={{"variables": {{"RELEASE": str(RELEASE)}}}})
alias = aws.lambda_.Alias("alias", function_name=function.name, function_version=function.version)
aws.lambda_.FunctionUrl("url", function_name=function.name, qualifier=alias.name, authorization_type="NONE",
    cors={{"allow_origins": ["*"], "max_age": 10 * RELEASE}})

logs = aws.cloudwatch.LogGroup("logs", retention_in_days=7 * RELEASE, tags=TAGS)
aws.cloudwatch.LogMetricFilter("filter", log_group_name=logs.name, pattern=f"ERROR {{RELEASE}}",
    metric_transformation={{"name": "Errors", "namespace": "Shop", "value": "1", "default_value": "0"}})
aws.cloudwatch.MetricAlarm("alarm", comparison_operator="GreaterThanThreshold", evaluation_periods=RELEASE,
    metric_name="Errors", namespace="AWS/Lambda", period=60, statistic="Sum", threshold=0.5 + RELEASE,
    dimensions={{"FunctionName": function.name}}, tags=TAGS)
aws.cloudwatch.MetricAlarm("rate", comparison_operator="GreaterThanThreshold", evaluation_periods=1, threshold=RELEASE,
    metric_queries=[
        {{"id": "rate", "expression": "100 * errors / calls", "label": "error rate", "return_data": True}},
        {{"id": "errors", "metric": {{"namespace": "AWS/Lambda", "metric_name": "Errors", "period": 60, "stat": "Sum",
            "dimensions": {{"FunctionName": function.name}}}}}},
        {{"id": "calls", "metric": {{"namespace": "AWS/Lambda", "metric_name": "Calls", "period": 60, "stat": "Sum",
            "dimensions": {{"FunctionName": function.name}}}}}}])

dead = aws.sqs.Queue("dead", fifo_queue=True)
queue = aws.sqs.Queue("queue", visibility_timeout_seconds=30 * RELEASE, fifo_queue=True, tags=TAGS,
    redrive_policy=dead.arn.apply(lambda arn: json.dumps({{"deadLetterTargetArn": arn, "maxReceiveCount": 3}})))
plain = aws.sqs.Queue("plain")
aws.sqs.QueuePolicy("queue-policy", queue_url=plain.url, policy=plain.arn.apply(lambda arn: json.dumps(
    {{"Version": "2012-10-17", "Statement": [{{"Sid": f"Release{{RELEASE}}", "Effect": "Allow", "Principal": "*",
      "Action": "sqs:SendMessage", "Resource": arn}}]}})))
aws.lambda_.EventSourceMapping("mapping", event_source_arn=plain.arn, function_name=function.arn, batch_size=RELEASE)

topic = aws.sns.Topic("topic", display_name=f"release {{RELEASE}}", tags=TAGS)
aws.sns.TopicSubscription("subscription", topic=topic.arn, protocol="sqs", endpoint=plain.arn,
    raw_message_delivery=RELEASE > 1)
aws.lambda_.Permission("permission", action="lambda:InvokeFunction", function=function.name,
    principal="sns.amazonaws.com", source_arn=topic.arn)

rule = aws.cloudwatch.EventRule("rule", event_pattern=json.dumps({{"source": [f"shop.release{{RELEASE}}"]}}), tags=TAGS)
aws.cloudwatch.EventTarget("target", rule=rule.name, arn=queue.arn, sqs_target={{"message_group_id": f"g{{RELEASE}}"}})

aws.ssm.Parameter("parameter", type="SecureString", value=f"hunter{{RELEASE}}")
aws.ssm.Parameter("plain-parameter", type="String", value=f"release {{RELEASE}}", tags=TAGS)

bucket = aws.s3.Bucket("Bucket", force_destroy=True, tags=TAGS)
aws.s3.BucketVersioning("versioning", bucket=bucket.bucket,
    versioning_configuration={{"status": "Enabled" if RELEASE == 1 else "Suspended"}})
aws.s3.BucketObject("object", bucket=bucket.bucket, content=f"release {{RELEASE}}")
aws.s3.BucketObjectv2("objectv2", bucket=bucket.bucket, source=pulumi.StringAsset(f"release {{RELEASE}}"))
aws.s3.BucketNotification("notification", bucket=bucket.bucket, eventbridge=RELEASE > 1)

aws.dynamodb.Table("table", hash_key="id", range_key="at", billing_mode="PAY_PER_REQUEST", tags=TAGS,
    attributes=[{{"name": "id", "type": "S"}}, {{"name": "at", "type": "N"}}],
    ttl={{"attribute_name": "ends", "enabled": True}},
    stream_enabled=True, stream_view_type="NEW_IMAGE", point_in_time_recovery={{"enabled": RELEASE > 1}})

api = aws.apigatewayv2.Api("api", protocol_type="HTTP", description=f"release {{RELEASE}}", tags=TAGS,
    cors_configuration={{"allow_origins": ["*"], "max_age": 10 * RELEASE}})
integration = aws.apigatewayv2.Integration("integration", api_id=api.id, integration_type="AWS_PROXY",
    integration_uri=alias.invoke_arn, payload_format_version="2.0", timeout_milliseconds=1000 * RELEASE)
aws.apigatewayv2.Route("route", api_id=api.id, route_key=f"GET /{{RELEASE}}",
    target=pulumi.Output.concat("integrations/", integration.id))
aws.apigatewayv2.Stage("stage", api_id=api.id, name="$default", auto_deploy=True, tags=TAGS,
    stage_variables={{"release": str(RELEASE)}})

group = aws.scheduler.ScheduleGroup("group", tags=TAGS)
aws.scheduler.Schedule("schedule", group_name=group.name, schedule_expression=f"rate({{RELEASE + 1}} hours)",
    flexible_time_window={{"mode": "OFF"}},
    target={{"arn": function.arn, "role_arn": role.arn, "input": json.dumps({{"release": RELEASE}})}})

aws.s3.BucketWebsiteConfiguration("website", bucket=bucket.id, index_document={{"suffix": "index.html"}},
    error_document={{"key": f"error-{{RELEASE}}.html"}})
access = aws.s3.BucketPublicAccessBlock("access", bucket=bucket.id, block_public_acls=RELEASE > 1)
aws.s3.BucketOwnershipControls("ownership", bucket=bucket.id,
    rule={{"object_ownership": "BucketOwnerPreferred" if RELEASE == 1 else "BucketOwnerEnforced"}})
aws.s3.BucketPolicy("bucket-policy", bucket=bucket.id, opts=pulumi.ResourceOptions(depends_on=[access]),
    policy=pulumi.Output.json_dumps({{"Version": "2012-10-17", "Statement": [
        {{"Sid": f"Release{{RELEASE}}", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
          "Resource": bucket.arn.apply(lambda arn: arn + "/*")}}]}}))

key = aws.kms.Key("key", description=f"release {{RELEASE}}", enable_key_rotation=RELEASE > 1, tags=TAGS)
aws.kms.Alias("key-alias", name="alias/shop", target_key_id=key.key_id)
secret = aws.secretsmanager.Secret("secret", description=f"release {{RELEASE}}", kms_key_id=key.arn, tags=TAGS)
aws.secretsmanager.SecretVersion("secret-version", secret_id=secret.id, secret_string=f"hunter{{RELEASE}}")

aws.cloudwatch.EventBus("bus", tags=TAGS)
text = {{"markdown": f"release {{RELEASE}}"}}
aws.cloudwatch.Dashboard("dashboard", dashboard_name="shop", dashboard_body=json.dumps(
    {{"widgets": [{{"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": text}}]}}))

cluster = aws.ecs.Cluster("cluster", tags=TAGS)
container = {{"name": "worker", "image": f"worker:{{RELEASE}}", "essential": True}}
task = aws.ecs.TaskDefinition("task", family="worker", cpu="256", memory="512", network_mode="awsvpc",
    requires_compatibilities=["FARGATE"], execution_role_arn=role.arn, container_definitions=json.dumps([container]))
service = aws.ecs.Service("service", cluster=cluster.arn, task_definition=task.arn, desired_count=RELEASE, tags=TAGS,
    launch_type="FARGATE", network_configuration={{"subnets": ["{subnet}"]}})
scaled = aws.appautoscaling.Target("scaled", min_capacity=1, max_capacity=2 * RELEASE, service_namespace="ecs",
    resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
    scalable_dimension="ecs:service:DesiredCount")
aws.appautoscaling.Policy("scaling", policy_type="TargetTrackingScaling", resource_id=scaled.resource_id,
    service_namespace=scaled.service_namespace, scalable_dimension=scaled.scalable_dimension,
    target_tracking_scaling_policy_configuration={{"target_value": 10 * RELEASE, "customized_metric_specification": {{
        "metric_name": "Depth", "namespace": "AWS/SQS", "statistic": "Average",
        "dimensions": [{{"name": "QueueName", "value": plain.name}}]}}}})

pulumi.export("version", function.version)
pulumi.export("account", aws.get_caller_identity().account_id)
pulumi.export("region", aws.get_region().region)
"""


def test_every_type_is_created_settles_refreshes_changes_and_is_destroyed_without_a_trace(
    project: Project, aws: Aws
) -> None:
    before = _left_in(aws)
    assert before.keys() == {"keys"}, "the one that seals the stack's secrets"
    subnet = aws.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    outputs = project.up(PROGRAM.format(release=1, subnet=subnet))
    resources = project.resources()

    deployed = {each["type"] for each in resources.values() if each["type"].startswith("aws:")}
    assert deployed == set(RESOURCE_TYPES)
    assert outputs == {"version": "1", "account": "123456789012", "region": "us-east-1"}

    project.expect_no_changes()
    project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "--color=never")
    project.expect_no_changes()

    assert project.up(PROGRAM.format(release=2, subnet=subnet))["version"] == "2"
    project.expect_no_changes()
    project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "--color=never")

    project.pulumi("destroy", "--yes", "--skip-preview", "--color=never")
    assert _left_in(aws) == before


def _left_in(aws: Aws) -> dict[str, object]:
    answers = {
        "roles": aws.client("iam").list_roles()["Roles"],
        "policies": aws.client("iam").list_policies(Scope="Local")["Policies"],
        "functions": aws.client("lambda").list_functions()["Functions"],
        "layers": aws.client("lambda").list_layers()["Layers"],
        "mappings": aws.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "log groups": aws.client("logs").describe_log_groups()["logGroups"],
        "alarms": aws.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "queues": aws.client("sqs").list_queues().get("QueueUrls"),
        "topics": aws.client("sns").list_topics()["Topics"],
        "rules": aws.client("events").list_rules()["Rules"],
        "parameters": aws.client("ssm").describe_parameters()["Parameters"],
        "buckets": aws.client("s3").list_buckets()["Buckets"],
        "tables": aws.client("dynamodb").list_tables()["TableNames"],
        "APIs": aws.client("apigatewayv2").get_apis()["Items"],
        "schedules": aws.client("scheduler").list_schedules()["Schedules"],
        "schedule groups": [
            each
            for each in aws.client("scheduler").list_schedule_groups()["ScheduleGroups"]
            if each["Name"] != "default"
        ],
        "secrets": aws.client("secretsmanager").list_secrets()["SecretList"],
        "key aliases": [
            each
            for each in aws.client("kms").list_aliases()["Aliases"]
            if not each["AliasName"].startswith("alias/aws/")
        ],
        "keys": _keys_in_use(aws.client("kms")),
        "buses": [each for each in aws.client("events").list_event_buses()["EventBuses"] if each["Name"] != "default"],
        "clusters": _active_clusters(aws.client("ecs")),
        "task definitions": aws.client("ecs").list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
        "scalable targets": aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")[
            "ScalableTargets"
        ],
        "dashboards": aws.client("cloudwatch").list_dashboards().get("DashboardEntries"),
    }
    return {what: json.dumps(left, default=str) for what, left in answers.items() if left}


def _keys_in_use(kms: Any) -> list[str]:
    """AWS has keys of its own, and a deleted key stays until its window has passed, pending."""
    keys = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
    ours = [each for each in keys if each["KeyManager"] == "CUSTOMER"]
    return [each["KeyId"] for each in ours if each["KeyState"] != "PendingDeletion"]


def _active_clusters(ecs: Any) -> list[str]:
    """A deleted cluster is shown for a while, as inactive."""
    clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    return [each["clusterArn"] for each in clusters if each["status"] == "ACTIVE"]
