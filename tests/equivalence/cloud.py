"""What AWS has, asked through its API: everything of the kinds that a chain of programs uses, where it uses them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.equivalence.kinds import KINDS
from tests.equivalence.model import Chain, Literal

HOME_REGION = "us-east-1"
Found = dict[str, Any]
ClientOf = Callable[[str], Any]


def cloud_of(chain: Chain, client: Callable[[str, str], Any]) -> Found:
    """Every resource there is, by service, region and name; answers as AWS gives them."""
    kinds = {resource.kind for version in chain.versions for resource in version.resources}
    found: Found = {}
    for kind, look in LOOKS.items():
        if kind not in kinds:
            continue
        for region in _regions(chain) if KINDS[kind].regional else (HOME_REGION,):
            answers = look(lambda service, region=region: client(service, region))  # type: ignore[misc]
            found[f"{kind} in {region}"] = dict(answers)
    return found


def _regions(chain: Chain) -> Iterable[str]:
    regions = {HOME_REGION: None}
    for version in chain.versions:
        for resource in version.resources:
            region = resource.input("region")
            if resource.kind == "provider" and isinstance(region, Literal):
                regions[str(region.value)] = None
    return regions


def _queues(client: ClientOf) -> Iterator[tuple[str, Found]]:
    sqs = client("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield url, {"attributes": attributes, "tags": sqs.list_queue_tags(QueueUrl=url).get("Tags", {})}


def _topics(client: ClientOf) -> Iterator[tuple[str, Found]]:
    sns = client("sns")
    for topic in sns.list_topics()["Topics"]:
        arn = topic["TopicArn"]
        subscriptions = [
            sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])["Attributes"]
            for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        ]
        yield (
            arn,
            {
                "attributes": sns.get_topic_attributes(TopicArn=arn)["Attributes"],
                "tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
                "subscriptions": subscriptions,
            },
        )


def _parameters(client: ClientOf) -> Iterator[tuple[str, Found]]:
    ssm = client("ssm")
    for page in ssm.get_paginator("describe_parameters").paginate():
        for described in page["Parameters"]:
            name = described["Name"]
            yield (
                name,
                {
                    "described": described,
                    "value": ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"],
                    "tags": ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"],
                },
            )


def _buckets(client: ClientOf) -> Iterator[tuple[str, Found]]:
    s3 = client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        region = s3.get_bucket_location(Bucket=name).get("LocationConstraint") or HOME_REGION
        if region != s3.meta.region_name:
            continue
        yield name, {"tags": _bucket_tags(s3, name), "objects": dict(_objects(s3, name))}


def _bucket_tags(s3: Any, name: str) -> list[Mapping[str, str]]:
    try:
        tags: list[Mapping[str, str]] = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchTagSet":
            raise
        return []
    return tags


def _objects(s3: Any, bucket: str) -> Iterator[tuple[str, Found]]:
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        answer = s3.get_object(Bucket=bucket, Key=item["Key"])
        yield (
            item["Key"],
            {
                "body": answer["Body"].read().decode(),
                "type": answer["ContentType"],
                "metadata": answer["Metadata"],
            },
        )


def _roles(client: ClientOf) -> Iterator[tuple[str, Found]]:
    iam = client("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        policies = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        yield name, {"role": iam.get_role(RoleName=name)["Role"], "policies": policies}


def _functions(client: ClientOf) -> Iterator[tuple[str, Found]]:
    functions = client("lambda")
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        yield (
            name,
            {
                "function": functions.get_function(FunctionName=name),
                "versions": functions.list_versions_by_function(FunctionName=name)["Versions"],
                "aliases": functions.list_aliases(FunctionName=name)["Aliases"],
            },
        )


def _layers(client: ClientOf) -> Iterator[tuple[str, Found]]:
    functions = client("lambda")
    for layer in functions.list_layers()["Layers"]:
        yield layer["LayerName"], {"versions": functions.list_layer_versions(LayerName=layer["LayerName"])}


def _tables(client: ClientOf) -> Iterator[tuple[str, Found]]:
    dynamodb = client("dynamodb")
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        yield name, {"table": table, "tags": dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]}


def _log_groups(client: ClientOf) -> Iterator[tuple[str, Found]]:
    for group in client("logs").describe_log_groups()["logGroups"]:
        yield group["logGroupName"], group


def _alarms(client: ClientOf) -> Iterator[tuple[str, Found]]:
    for alarm in client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"])["MetricAlarms"]:
        yield alarm["AlarmName"], {name: value for name, value in alarm.items() if not name.startswith("State")}


def _rules(client: ClientOf) -> Iterator[tuple[str, Found]]:
    events = client("events")
    for rule in events.list_rules()["Rules"]:
        yield rule["Name"], {"rule": rule, "targets": events.list_targets_by_rule(Rule=rule["Name"])["Targets"]}


LOOKS: Mapping[str, Callable[[ClientOf], Iterator[tuple[str, Found]]]] = {
    "queue": _queues,
    "topic": _topics,
    "parameter": _parameters,
    "bucket": _buckets,
    "role": _roles,
    "function": _functions,
    "layer": _layers,
    "table": _tables,
    "log_group": _log_groups,
    "alarm": _alarms,
    "rule": _rules,
}
