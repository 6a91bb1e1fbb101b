"""DynamoDB tables. Schema: terraform-provider-aws, internal/service/dynamodb/table.go."""

from collections.abc import Mapping
from typing import Any

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, tag_changes, tag_list, tags_of, with_tags
from rollback_plugin.embedded.provider.values import Properties, PropertyValue, contains_unknown

_TEXT = Property("")
_ON_DEMAND = "PAY_PER_REQUEST"
_KEYS_AND_INDEXES = ("hashKey", "rangeKey", "attributes", "globalSecondaryIndexes", "localSecondaryIndexes")

_GLOBAL_INDEX = Property(
    "",
    Kind.OBJECT,
    fields=(
        Property("hashKey"),
        Property("name", required=True),
        Property("nonKeyAttributes", Kind.SET, element=_TEXT),
        Property("projectionType", required=True),
        Property("rangeKey"),
        Property("readCapacity", Kind.INTEGER, computed=True),
        Property("writeCapacity", Kind.INTEGER, computed=True),
    ),
)
_LOCAL_INDEX = Property(
    "",
    Kind.OBJECT,
    fields=(
        Property("name", required=True),
        Property("nonKeyAttributes", Kind.LIST, element=_TEXT),
        Property("projectionType", required=True),
        Property("rangeKey", required=True),
    ),
)
_TABLE = (
    Property(
        "attributes",
        Kind.SET,
        element=Property(
            "",
            Kind.OBJECT,
            fields=(
                Property("name", api="AttributeName", required=True),
                Property("type", api="AttributeType", required=True),
            ),
        ),
        api="AttributeDefinitions",
    ),
    Property("billingMode", default="PROVISIONED"),
    Property("deletionProtectionEnabled", Kind.BOOLEAN, "DeletionProtectionEnabled"),
    Property("globalSecondaryIndexes", Kind.SET, element=_GLOBAL_INDEX),
    Property("hashKey", replaces=True, computed=True),
    Property("localSecondaryIndexes", Kind.SET, element=_LOCAL_INDEX, replaces=True),
    Property("name", api="TableName", replaces=True, autoname=Autoname()),
    Property(
        "pointInTimeRecovery",
        Kind.OBJECT,
        fields=(
            Property("enabled", Kind.BOOLEAN, required=True),
            Property("recoveryPeriodInDays", Kind.INTEGER, computed=True),
        ),
        computed=True,
    ),
    Property("rangeKey", replaces=True),
    Property("readCapacity", Kind.INTEGER, computed=True),
    Property("streamEnabled", Kind.BOOLEAN),
    Property("streamViewType", computed=True),
    Property("tableClass", computed=True),
    Property(
        "ttl",
        Kind.OBJECT,
        fields=(Property("attributeName"), Property("enabled", Kind.BOOLEAN, default=False)),
        computed=True,
    ),
    Property("writeCapacity", Kind.INTEGER, computed=True),
    Property("arn", api="TableArn", output=True),
    Property("streamArn", output=True),
    Property("streamLabel", output=True),
)


def _key_schema(keys: Properties, hash_key: str | None = None) -> list[dict[str, str]]:
    schema = [{"AttributeName": hash_key or keys["hashKey"], "KeyType": "HASH"}]
    if keys.get("rangeKey"):
        schema.append({"AttributeName": keys["rangeKey"], "KeyType": "RANGE"})
    return schema


def _keys_of(schema: list[dict[str, str]]) -> Properties:
    names = {"HASH": "hashKey", "RANGE": "rangeKey"}
    return {names[each["KeyType"]]: each["AttributeName"] for each in schema}


def _index_members(index: Properties, hash_key: str | None = None) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    return {"IndexName": index["name"], "KeySchema": _key_schema(index, hash_key), "Projection": projection}


def _index_of(members: dict[str, Any]) -> Properties:
    index = {"name": members["IndexName"], "projectionType": members["Projection"]["ProjectionType"]}
    if members["Projection"].get("NonKeyAttributes"):
        index["nonKeyAttributes"] = members["Projection"]["NonKeyAttributes"]
    return index | _keys_of(members["KeySchema"])


def _throughput(capacity: Properties) -> dict[str, int]:
    return {
        "ReadCapacityUnits": capacity.get("readCapacity") or 1,
        "WriteCapacityUnits": capacity.get("writeCapacity") or 1,
    }


def _global_index_members(index: Properties, billing_mode: str) -> dict[str, Any]:
    throughput = {} if billing_mode == _ON_DEMAND else {"ProvisionedThroughput": _throughput(index)}
    return _index_members(index) | throughput


def _stream_members(inputs: Properties) -> dict[str, Any]:
    if not inputs.get("streamEnabled"):
        return {"StreamEnabled": False}
    return {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}


def _create(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    billing_mode = inputs["billingMode"]
    members: dict[str, Any] = {
        "TableName": name,
        "BillingMode": billing_mode,
        "KeySchema": _key_schema(inputs),
        "AttributeDefinitions": [
            {"AttributeName": each["name"], "AttributeType": each["type"]} for each in inputs.get("attributes") or []
        ],
        "Tags": tag_list(inputs.get("tagsAll")),
        "DeletionProtectionEnabled": bool(inputs.get("deletionProtectionEnabled")),
    }
    if billing_mode != _ON_DEMAND:
        members["ProvisionedThroughput"] = _throughput(inputs)
    if inputs.get("globalSecondaryIndexes"):
        members["GlobalSecondaryIndexes"] = [
            _global_index_members(each, billing_mode) for each in inputs["globalSecondaryIndexes"]
        ]
    if inputs.get("localSecondaryIndexes"):
        members["LocalSecondaryIndexes"] = [
            _index_members(each, inputs["hashKey"]) for each in inputs["localSecondaryIndexes"]
        ]
    if inputs.get("streamEnabled"):
        members["StreamSpecification"] = _stream_members(inputs)
    if inputs.get("tableClass"):
        members["TableClass"] = inputs["tableClass"]
    with saying(f"creating DynamoDB Table ({name})"):
        cloud.client("dynamodb").create_table(**members)
    return name


def _settle(cloud: Cloud, name: str, inputs: Properties) -> None:
    with saying(f"creating DynamoDB Table ({name})"):
        if (inputs.get("ttl") or {}).get("enabled"):
            _set_time_to_live(cloud, name, inputs["ttl"])
        if (inputs.get("pointInTimeRecovery") or {}).get("enabled"):
            _set_recovery(cloud, name, inputs["pointInTimeRecovery"])


def _set_time_to_live(cloud: Cloud, name: str, ttl: Properties) -> None:
    cloud.client("dynamodb").update_time_to_live(
        TableName=name,
        TimeToLiveSpecification={"Enabled": ttl["enabled"], "AttributeName": ttl.get("attributeName", "")},
    )


def _set_recovery(cloud: Cloud, name: str, recovery: Properties) -> None:
    period = recovery.get("recoveryPeriodInDays")
    cloud.client("dynamodb").update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": recovery["enabled"],
            **({"RecoveryPeriodInDays": period} if period and recovery["enabled"] else {}),
        },
    )


def _read(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("dynamodb")
    with saying(f"reading DynamoDB Table ({name})"):
        answer = found(client.describe_table, TableName=name)
        if answer is None:
            return None
        table = answer["Table"]
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        tags = tags_of(client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"])
    capacity = table.get("ProvisionedThroughput", {})
    stream = table.get("StreamSpecification", {})
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    state = properties_of(_TABLE, table) | _keys_of(table["KeySchema"])
    state |= {
        "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "readCapacity": capacity.get("ReadCapacityUnits", 0),
        "writeCapacity": capacity.get("WriteCapacityUnits", 0),
        "globalSecondaryIndexes": [_global_index_of(each) for each in table.get("GlobalSecondaryIndexes") or []],
        "localSecondaryIndexes": [
            {key: value for key, value in _index_of(each).items() if key != "hashKey"}
            for each in table.get("LocalSecondaryIndexes") or []
        ],
        "streamEnabled": bool(stream.get("StreamEnabled")),
        "streamViewType": stream.get("StreamViewType", ""),
        "streamArn": table.get("LatestStreamArn", ""),
        "streamLabel": table.get("LatestStreamLabel", ""),
        "tableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "ttl": {"attributeName": ttl.get("AttributeName", ""), "enabled": ttl.get("TimeToLiveStatus") == "ENABLED"},
        "pointInTimeRecovery": {
            "enabled": recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
            "recoveryPeriodInDays": recovery.get("RecoveryPeriodInDays", 0),
        },
    }
    return with_tags(state, tags, known, cloud.default_tags)


def _global_index_of(members: dict[str, Any]) -> Properties:
    capacity = members.get("ProvisionedThroughput", {})
    return _index_of(members) | {
        "readCapacity": capacity.get("ReadCapacityUnits", 0),
        "writeCapacity": capacity.get("WriteCapacityUnits", 0),
    }


def _update(cloud: Cloud, name: str, change: Change) -> None:
    client, new = cloud.client("dynamodb"), change.new
    with saying(f"updating DynamoDB Table ({name})"):
        members: dict[str, Any] = {}
        if change.any_of("billingMode", "readCapacity", "writeCapacity"):
            members["BillingMode"] = new["billingMode"]
            if new["billingMode"] != _ON_DEMAND:
                members["ProvisionedThroughput"] = _throughput(new)
        if change.any_of("streamEnabled", "streamViewType"):
            if change.old.get("streamEnabled") and new.get("streamEnabled"):
                # The view of a running stream can't be changed (cycleStreamEnabled in table.go).
                client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
            members["StreamSpecification"] = _stream_members(new)
        if change.any_of("deletionProtectionEnabled"):
            members["DeletionProtectionEnabled"] = bool(new.get("deletionProtectionEnabled"))
        if change.any_of("tableClass"):
            members["TableClass"] = new["tableClass"]
        if members:
            client.update_table(TableName=name, **members)
        if change.any_of("globalSecondaryIndexes"):
            _update_indexes(cloud, name, change)
        if change.any_of("ttl"):
            _set_time_to_live(cloud, name, (change.old.get("ttl") or {}) | new["ttl"])
        if change.any_of("pointInTimeRecovery"):
            _set_recovery(cloud, name, new["pointInTimeRecovery"])
        changed, removed = tag_changes(change.old, new)
        if removed:
            client.untag_resource(ResourceArn=change.old["arn"], TagKeys=removed)
        if changed:
            client.tag_resource(ResourceArn=change.old["arn"], Tags=tag_list(changed))


def _update_indexes(cloud: Cloud, name: str, change: Change) -> None:
    """One index at a time, as the API demands; a changed index is removed and made again."""
    old = {each["name"]: each for each in change.old.get("globalSecondaryIndexes") or []}
    new = {each["name"]: each for each in change.new.get("globalSecondaryIndexes") or []}
    definitions = [
        {"AttributeName": each["name"], "AttributeType": each["type"]} for each in change.new.get("attributes") or []
    ]
    client = cloud.client("dynamodb")
    changed = [index for index in new if index in old and not _same_index(old[index], new[index])]
    for index in [*(each for each in old if each not in new), *changed]:
        client.update_table(
            TableName=name,
            AttributeDefinitions=definitions,
            GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": index}}],
        )
    for index in [*(each for each in new if each not in old), *changed]:
        created = _global_index_members(new[index], change.new["billingMode"])
        client.update_table(
            TableName=name,
            AttributeDefinitions=definitions,
            GlobalSecondaryIndexUpdates=[{"Create": created}],
        )


def _same_index(old: Properties, new: Properties) -> bool:
    return all(old.get(key) == value for key, value in new.items())


def _failures(inputs: Mapping[str, PropertyValue]) -> Mapping[str, str]:
    """validateTableAttributes in table.go: the attributes are those the keys are made of, neither more nor fewer."""
    if contains_unknown([inputs.get(name) for name in _KEYS_AND_INDEXES]):
        return {}
    indexes = [*(inputs.get("globalSecondaryIndexes") or []), *(inputs.get("localSecondaryIndexes") or [])]
    keys = [each.get(key) for each in (inputs, *indexes) for key in ("hashKey", "rangeKey")]
    names = [each["name"] for each in inputs.get("attributes") or []]
    unused = sorted({name for name in names if name not in keys})
    undefined = sorted({key for key in keys if key and key not in names})
    told = []
    if unused:
        told.append(f"all attributes must be indexed. Unused attributes: {_quoted(unused)}")
    if undefined:
        told.append(f"all indexes must match a defined attribute. Unmatched indexes: {_quoted(undefined)}")
    return {"attributes": "; ".join(told)} if told else {}


def _quoted(names: list[str]) -> str:
    return "[" + " ".join(f'"{name}"' for name in names) + "]"


def _recomputed(changed: frozenset[str], _new: Mapping[str, PropertyValue]) -> frozenset[str]:
    """The CustomizeDiff in table.go: another stream is another ARN."""
    return frozenset({"streamArn", "streamLabel"}) if changed & {"streamEnabled", "streamViewType"} else frozenset()


def _delete(cloud: Cloud, name: str, _state: Properties) -> None:
    with saying(f"deleting DynamoDB Table ({name})"), missing_is_fine():
        cloud.client("dynamodb").delete_table(TableName=name)


RESOURCE_TYPES = (
    ResourceType(
        "aws:dynamodb/table:Table",
        "DynamoDB Table",
        _TABLE,
        Operations(_create, _read, _update, _delete, _settle),
        tagged=True,
        recomputed=_recomputed,
        further_failures=_failures,
    ),
)
