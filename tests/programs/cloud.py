"""What is in the cloud, read through boto3 and said without what differs between two makings of the same thing.

Names keep what the program says and lose their made-up digits; ids, versions and times are left out. What refers to
something else (a route, an alias, a subscription) says what that is, not which id it has.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

from rollback_plugin.embedded import EmbeddedAws

_MADE_UP = (
    (re.compile(r"-[0-9a-f]{7}(?![0-9a-z])"), "-*"),  # the bridge's autonames
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "*"),  # ids of keys, subscriptions, versions
    (re.compile(r"(:secret:[^\"]+)-[A-Za-z0-9]{6}(?![A-Za-z0-9])"), r"\1-*"),
    (re.compile(r"(/stream/)[0-9T:.-]+"), r"\1*"),
    (re.compile(r"\b[a-z]{8}(?=\.execute-api\.)|(?<=:)[a-z]{8}(?=/\*/\*)"), "*"),  # ids of APIs
)

FIRST = "us-east-1"
Facts = dict[str, Any]
Client = Callable[[str], Any]


def settled(value: Any) -> Any:
    """`value` without what is made up anew each time."""
    text = json.dumps(value, sort_keys=True, default=str)
    for pattern, replacement in _MADE_UP:
        text = pattern.sub(replacement, text)
    return json.loads(text)


class Cloud:
    """Everything the programs of this folder make in some regions.

    Clients are made once, which takes longer than asking.
    """

    def __init__(self, aws: EmbeddedAws, regions: Iterable[str] = (FIRST,)) -> None:
        self._clients = {region: _client_of(aws, region) for region in regions}

    def facts(self) -> Facts:
        """What there is now, by kind and region."""
        return {
            f"{kind} in {region}": sorted((settled(each) for each in read(client)), key=json.dumps)
            for region, client in self._clients.items()
            for kind, read in READERS.items()
        }


def differences(before: Facts, now: Facts) -> dict[str, tuple[Any, Any]]:
    """What is only in `before` and what is only in `now`, by region and kind; empty when the cloud is the same."""
    return {
        kind: ([each for each in facts if each not in now[kind]], [each for each in now[kind] if each not in facts])
        for kind, facts in before.items()
        if facts != now[kind]
    }


def _client_of(aws: EmbeddedAws, region: str) -> Client:
    session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
    make: Any = session.client
    return cache(lambda service: make(service, endpoint_url=aws.endpoint_url))


def _chosen(members: Mapping[str, Any], *names: str) -> Facts:
    """These members; an empty one is as good as none."""
    return {name: members.get(name) or None for name in names}


def _apis(client: Client) -> list[Facts]:
    gateway = client("apigatewayv2")
    return [
        _chosen(api, "Name", "ProtocolType", "CorsConfiguration", "Description", "Tags")
        | {
            "routes": sorted(
                f"{route['RouteKey']} to {_target(gateway, api['ApiId'], route)}"
                for route in gateway.get_routes(ApiId=api["ApiId"])["Items"]
            ),
            "integrations": len(gateway.get_integrations(ApiId=api["ApiId"])["Items"]),
            "stages": [
                _chosen(stage, "StageName", "AutoDeploy", "AccessLogSettings", "DefaultRouteSettings", "Tags")
                for stage in gateway.get_stages(ApiId=api["ApiId"])["Items"]
            ],
        }
        for api in gateway.get_apis()["Items"]
    ]


def _target(gateway: Any, api: str, route: Facts) -> str:
    integration = gateway.get_integration(ApiId=api, IntegrationId=route["Target"].removeprefix("integrations/"))
    return f"{integration['IntegrationUri']} ({integration['PayloadFormatVersion']})"


def _alarms(client: Client) -> list[Facts]:
    return [
        _chosen(
            alarm, "AlarmName", "MetricName", "Dimensions", "Threshold", "EvaluationPeriods", "Period", "AlarmActions"
        )
        for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]
    ]


def _buckets(client: Client) -> list[Facts]:
    s3 = client("s3")
    names = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    region = s3.meta.region_name
    here = [name for name in names if (s3.get_bucket_location(Bucket=name)["LocationConstraint"] or FIRST) == region]
    return [
        {
            "bucket": name,
            "versioning": s3.get_bucket_versioning(Bucket=name).get("Status"),
            "tags": _or_none(s3.get_bucket_tagging, "TagSet", Bucket=name),
            "policy": _or_none(s3.get_bucket_policy, "Policy", Bucket=name),
            "public": _or_none(s3.get_public_access_block, "PublicAccessBlockConfiguration", Bucket=name),
            "owner": _or_none(s3.get_bucket_ownership_controls, "OwnershipControls", Bucket=name),
            "index": _or_none(s3.get_bucket_website, "IndexDocument", Bucket=name),
            "error": _or_none(s3.get_bucket_website, "ErrorDocument", Bucket=name),
            "objects": [_object(s3, name, each) for each in s3.list_objects_v2(Bucket=name).get("Contents", ())],
        }
        for name in here
    ]


def _object(s3: Any, bucket: str, listed: Facts) -> str:
    if listed["Key"].startswith("contracts/"):
        return f"{listed['Key']}: {s3.get_object(Bucket=bucket, Key=listed['Key'])['Body'].read().decode()}"
    said = f"{listed['Key']}: {listed['ETag']}"
    if not listed["Key"].startswith("assets/"):
        return said
    head = s3.head_object(Bucket=bucket, Key=listed["Key"])
    return f"{said} {head['ContentType']} {head.get('CacheControl')}"


def _or_none(call: Any, member: str, **arguments: str) -> Any:
    try:
        return call(**arguments).get(member)
    except ClientError:
        return None


def _buses(client: Client) -> list[Facts]:
    events = client("events")
    return [
        {"bus": bus["Name"], "tags": _tags(events.list_tags_for_resource(ResourceARN=bus["Arn"]).get("Tags"))}
        | {
            rule["Name"]: _chosen(rule, "EventPattern", "ScheduleExpression", "State")
            | {
                "targets": [
                    _chosen(target, "Arn", "Input")
                    for target in events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus["Name"])["Targets"]
                ]
            }
            for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]
        }
        for bus in events.list_event_buses()["EventBuses"]
    ]


def _tags(tags: Iterable[Facts] | None) -> Facts:
    return {each["Key"]: each["Value"] for each in tags or ()}


def _dashboards(client: Client) -> list[Facts]:
    cloudwatch = client("cloudwatch")
    names = [each["DashboardName"] for each in cloudwatch.list_dashboards().get("DashboardEntries", ())]
    return [{name: json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])} for name in names]


def _functions(client: Client) -> list[Facts]:
    functions = client("lambda")
    return [
        _chosen(
            each, "FunctionName", "CodeSha256", "Handler", "Runtime", "Timeout", "MemorySize", "Role", "Environment"
        )
        | {
            "KMSKeyArn": each.get("KMSKeyArn"),
            "tags": functions.list_tags(Resource=each["FunctionArn"])["Tags"],
            "allowed": _allowed(functions, each["FunctionName"]),
        }
        for each in functions.list_functions()["Functions"]
    ]


def _allowed(functions: Any, name: str) -> list[Facts]:
    policy = json.loads(_or_none(functions.get_policy, "Policy", FunctionName=name) or '{"Statement": []}')
    return [_chosen(each, "Sid", "Action", "Principal", "Condition") for each in policy["Statement"]]


def _keys(client: Client) -> list[Facts]:
    kms = client("kms")
    known = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
    aliases = {each.get("TargetKeyId"): each["AliasName"] for each in kms.list_aliases()["Aliases"]}
    return [
        _chosen(key, "Description", "KeyState")
        | {
            "alias": aliases.get(key["KeyId"]),
            "policy": json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]),
            "rotates": kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"],
            "tags": {each["TagKey"]: each["TagValue"] for each in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]},
        }
        for key in known
        if key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"
    ]


def _log_groups(client: Client) -> list[Facts]:
    groups = client("logs").describe_log_groups()["logGroups"]
    return [_chosen(each, "logGroupName", "retentionInDays") for each in groups]


def _mappings(client: Client) -> list[Facts]:
    return [
        _chosen(
            each,
            "EventSourceArn",
            "FunctionArn",
            "BatchSize",
            "State",
            "FilterCriteria",
            "DestinationConfig",
            "FunctionResponseTypes",
            "MaximumBatchingWindowInSeconds",
            "MaximumRetryAttempts",
        )
        for each in client("lambda").list_event_source_mappings()["EventSourceMappings"]
    ]


def _parameters(client: Client) -> list[Facts]:
    ssm = client("ssm")
    names = [each["Name"] for each in ssm.describe_parameters()["Parameters"]]
    found = [ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"] for name in names]
    return [_chosen(each, "Name", "Type", "Value") for each in found]


def _queues(client: Client) -> list[Facts]:
    sqs = client("sqs")
    kept = (
        "QueueArn",
        "VisibilityTimeout",
        "RedrivePolicy",
        "Policy",
        "FifoQueue",
        "KmsMasterKeyId",
        "MessageRetentionPeriod",
    )
    urls = sqs.list_queues().get("QueueUrls", ())
    return [
        _chosen(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"], *kept)
        | {"tags": sqs.list_queue_tags(QueueUrl=url).get("Tags")}
        for url in urls
    ]


def _roles(client: Client) -> list[Facts]:
    iam = client("iam")
    if iam.meta.region_name != FIRST:
        return []
    return [
        {
            "role": role["RoleName"],
            "trusts": role["AssumeRolePolicyDocument"],
            "attached": iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"],
            "policies": {
                name: iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
                for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
            },
        }
        for role in iam.list_roles()["Roles"]
    ]


def _schedules(client: Client) -> list[Facts]:
    scheduler = client("scheduler")
    kept = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    groups = [{"group": each["Name"]} for each in scheduler.list_schedule_groups()["ScheduleGroups"]]
    return groups + [
        _chosen(scheduler.get_schedule(Name=each["Name"], GroupName=each["GroupName"]), *kept)
        for each in scheduler.list_schedules()["Schedules"]
    ]


def _secrets(client: Client) -> list[Facts]:
    manager = client("secretsmanager")
    return [
        _chosen(each, "Name", "Description", "KmsKeyId")
        | {"value": manager.get_secret_value(SecretId=each["ARN"])["SecretString"], "tags": _tags(each.get("Tags"))}
        for each in manager.list_secrets()["SecretList"]
    ]


def _tables(client: Client) -> list[Facts]:
    dynamodb = client("dynamodb")
    found = [dynamodb.describe_table(TableName=name)["Table"] for name in dynamodb.list_tables()["TableNames"]]
    return [
        _chosen(table, "TableName", "KeySchema", "StreamSpecification")
        | {
            "attributes": sorted(each["AttributeName"] for each in table["AttributeDefinitions"]),
            "indexes": [
                _chosen(each, "IndexName", "KeySchema", "Projection")
                for each in table.get("GlobalSecondaryIndexes") or ()
            ],
            "forgets": dynamodb.describe_time_to_live(TableName=table["TableName"])["TimeToLiveDescription"].get(
                "TimeToLiveStatus"
            ),
            "tags": _tags(dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]),
        }
        for table in found
    ]


def _topics(client: Client) -> list[Facts]:
    sns = client("sns")
    return [
        _chosen(sns.get_topic_attributes(TopicArn=each["TopicArn"])["Attributes"], "TopicArn", "DisplayName")
        | {
            "subscribers": [
                f"{subscriber['Protocol']} {subscriber['Endpoint']}"
                for subscriber in sns.list_subscriptions_by_topic(TopicArn=each["TopicArn"])["Subscriptions"]
            ]
        }
        for each in sns.list_topics()["Topics"]
    ]


READERS: Mapping[str, Callable[[Client], list[Facts]]] = {
    "APIs": _apis,
    "alarms": _alarms,
    "buckets": _buckets,
    "buses": _buses,
    "dashboards": _dashboards,
    "functions": _functions,
    "keys": _keys,
    "log groups": _log_groups,
    "mappings": _mappings,
    "parameters": _parameters,
    "queues": _queues,
    "roles": _roles,
    "schedules": _schedules,
    "secrets": _secrets,
    "tables": _tables,
    "topics": _topics,
}
