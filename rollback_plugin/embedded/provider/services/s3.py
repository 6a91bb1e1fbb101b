"""S3 buckets, objects, versioning and notifications.

Schemas: terraform-provider-aws, internal/service/s3: bucket.go, object.go, bucket_object.go, bucket_versioning.go,
bucket_notification.go.
"""

import base64
from collections.abc import Mapping
from typing import Any

from rollback_plugin.embedded.provider.assets import asset_bytes
from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members, tag_list, tags_of, with_tags
from rollback_plugin.embedded.provider.values import Properties, PropertyValue

_FIRST_REGION = "us-east-1"
_HOSTED_ZONE_IDS = {"us-east-1": "Z3AQBSTGFYJSTF", "eu-west-1": "Z1BKCTXD74EZPE", "eu-central-1": "Z21DNDUVLTQW6Q"}
"""AWS General Reference, Amazon S3 endpoints; other regions come out empty."""

_BUCKET = (
    Property("bucket", replaces=True, autoname=Autoname(63, lower_case=True), conflicts_with=("bucketPrefix",)),
    Property("bucketPrefix", replaces=True, computed=True),
    Property("forceDestroy", Kind.BOOLEAN, default=False, readable=False),
    Property("objectLockEnabled", Kind.BOOLEAN, replaces=True, computed=True),
    Property("arn", output=True),
    Property("bucketDomainName", output=True),
    Property("bucketRegion", output=True),
    Property("bucketRegionalDomainName", output=True),
    Property("hostedZoneId", output=True),
)


def _create_bucket(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["bucket"]
    place: dict[str, Any] = {}
    if cloud.region != _FIRST_REGION:
        place["CreateBucketConfiguration"] = {"LocationConstraint": cloud.region}
    if inputs.get("objectLockEnabled"):
        place["ObjectLockEnabledForBucket"] = True
    with saying(f"creating S3 Bucket ({name})"):
        cloud.client("s3").create_bucket(Bucket=name, **place)
    return name


def _settle_bucket(cloud: Cloud, name: str, inputs: Properties) -> None:
    if inputs.get("tagsAll"):
        _set_bucket_tags(cloud, name, inputs["tagsAll"])


def _set_bucket_tags(cloud: Cloud, name: str, tags: dict[str, str]) -> None:
    client = cloud.client("s3")
    with saying(f"setting S3 Bucket ({name}) tags"):
        if tags:
            client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(tags)})
        else:
            client.delete_bucket_tagging(Bucket=name)


def _read_bucket(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("s3")
    with saying(f"reading S3 Bucket ({name})"):
        if found(client.head_bucket, Bucket=name) is None:
            return None
        location = client.get_bucket_location(Bucket=name).get("LocationConstraint") or _FIRST_REGION
        tagging = found(client.get_bucket_tagging, Bucket=name)
    state = {
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": location,
        "bucketRegionalDomainName": f"{name}.s3.{location}.amazonaws.com",
        "hostedZoneId": _HOSTED_ZONE_IDS.get(location, ""),
        "objectLockEnabled": bool(known.get("objectLockEnabled")),
    }
    return with_tags(state, tags_of((tagging or {}).get("TagSet")), known, cloud.default_tags)


def _update_bucket(cloud: Cloud, name: str, change: Change) -> None:
    if change.any_of("tags", "tagsAll"):
        _set_bucket_tags(cloud, name, change.new.get("tagsAll") or {})


def _delete_bucket(cloud: Cloud, name: str, state: Properties) -> None:
    with saying(f"deleting S3 Bucket ({name})"), missing_is_fine():
        if state.get("forceDestroy"):
            _empty_bucket(cloud, name)
        cloud.client("s3").delete_bucket(Bucket=name)


def _empty_bucket(cloud: Cloud, name: str) -> None:
    client = cloud.client("s3")
    for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
        for each in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            client.delete_object(Bucket=name, Key=each["Key"], VersionId=each["VersionId"])


_OBJECT = (
    Property("acl", readable=False, computed=True),
    Property("bucket", required=True, replaces=True),
    Property("cacheControl", api="CacheControl"),
    Property("content", readable=False, conflicts_with=("source", "contentBase64")),
    Property("contentBase64", readable=False, conflicts_with=("source", "content")),
    Property("contentDisposition", api="ContentDisposition"),
    Property("contentEncoding", api="ContentEncoding"),
    Property("contentLanguage", api="ContentLanguage"),
    Property("contentType", api="ContentType", computed=True),
    Property("etag", computed=True),
    Property("forceDestroy", Kind.BOOLEAN, default=False, readable=False),
    Property("key", replaces=True, autoname=Autoname(1024, random_length=0)),
    Property("metadata", Kind.MAP, "Metadata", element=Property("")),
    Property("serverSideEncryption", api="ServerSideEncryption", computed=True),
    Property("source", Kind.ASSET, readable=False, conflicts_with=("content", "contentBase64")),
    Property("sourceHash", readable=False),
    Property("storageClass", api="StorageClass", computed=True),
    Property("arn", output=True),
    Property("versionId", api="VersionId", output=True),
)


def _content(inputs: Properties) -> bytes:
    if inputs.get("source") is not None:
        return asset_bytes(inputs["source"])
    if inputs.get("contentBase64") is not None:
        return base64.b64decode(inputs["contentBase64"])
    return str(inputs.get("content", "")).encode()


def _put_object(cloud: Cloud, inputs: Properties) -> str:
    bucket, key = inputs["bucket"], inputs["key"]
    members = request_members(_OBJECT, inputs)
    with saying(f"uploading S3 Object ({key}) to Bucket ({bucket})"):
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=_content(inputs), **members)
        if inputs.get("tagsAll"):
            cloud.client("s3").put_object_tagging(
                Bucket=bucket, Key=key, Tagging={"TagSet": tag_list(inputs["tagsAll"])}
            )
    return f"{bucket}/{key}"


def _read_object(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    client = cloud.client("s3")
    bucket, key = identifier.split("/", 1)
    with saying(f"reading S3 Object ({identifier})"):
        answer = found(client.head_object, Bucket=bucket, Key=key)
        if answer is None:
            return None
        tagging = found(client.get_object_tagging, Bucket=bucket, Key=key)
    state = properties_of(_OBJECT, answer)
    state |= {
        "bucket": bucket,
        "key": key,
        "arn": f"arn:aws:s3:::{identifier}",
        "etag": answer["ETag"].strip('"'),
        "storageClass": answer.get("StorageClass", "STANDARD"),
    }
    state.setdefault("versionId", "")
    return with_tags(state, tags_of((tagging or {}).get("TagSet")), known, cloud.default_tags)


def _update_object(cloud: Cloud, identifier: str, change: Change) -> None:
    bucket, key = identifier.split("/", 1)
    if change.changed - {"tags", "tagsAll", "forceDestroy"}:
        _put_object(cloud, change.new)
    elif change.any_of("tags", "tagsAll"):
        with saying(f"setting S3 Object ({identifier}) tags"):
            cloud.client("s3").put_object_tagging(
                Bucket=bucket, Key=key, Tagging={"TagSet": tag_list(change.new.get("tagsAll"))}
            )


def _recomputed_object(changed: frozenset[str], _new: Mapping[str, PropertyValue]) -> frozenset[str]:
    """resourceObjectCustomizeDiff in object.go: new content is a new version."""
    content = {"source", "content", "contentBase64", "sourceHash", "etag"}
    return frozenset({"versionId", "etag"}) - changed if changed & content else frozenset()


def _delete_object(cloud: Cloud, identifier: str, _state: Properties) -> None:
    bucket, key = identifier.split("/", 1)
    with saying(f"deleting S3 Object ({identifier})"), missing_is_fine():
        cloud.client("s3").delete_object(Bucket=bucket, Key=key)


_VERSIONING = (
    Property("bucket", required=True, replaces=True),
    Property("expectedBucketOwner", replaces=True, readable=False),
    Property(
        "versioningConfiguration",
        Kind.OBJECT,
        required=True,
        fields=(
            Property("mfaDelete", api="MFADelete", computed=True),
            Property("status", api="Status", required=True),
        ),
    ),
)
_VERSIONING_FIELDS = _VERSIONING[2].fields
_NEVER_VERSIONED = "Disabled"


def _put_versioning(cloud: Cloud, inputs: Properties) -> str:
    bucket: str = inputs["bucket"]
    configuration = request_members(_VERSIONING_FIELDS, inputs["versioningConfiguration"])
    if configuration["Status"] != _NEVER_VERSIONED:
        with saying(f"creating S3 Bucket Versioning ({bucket})"):
            cloud.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration=configuration)
    return bucket


def _read_versioning(cloud: Cloud, bucket: str, _known: Properties) -> Properties | None:
    with saying(f"reading S3 Bucket Versioning ({bucket})"):
        answer = found(cloud.client("s3").get_bucket_versioning, Bucket=bucket)
    if answer is None:
        return None
    status = answer.get("Status", _NEVER_VERSIONED)
    configuration = {"status": status, "mfaDelete": answer.get("MFADelete", "")}
    return {"bucket": bucket, "versioningConfiguration": configuration}


def _update_versioning(cloud: Cloud, _bucket: str, change: Change) -> None:
    _put_versioning(cloud, change.new)


def _delete_versioning(cloud: Cloud, bucket: str, state: Properties) -> None:
    """A bucket that was versioned can only be suspended (bucket_versioning.go)."""
    if state["versioningConfiguration"]["status"] == _NEVER_VERSIONED:
        return
    with saying(f"deleting S3 Bucket Versioning ({bucket})"), missing_is_fine():
        cloud.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def _notified(name: str, arn_name: str, arn_api: str, arn_required: bool = True) -> Property:
    fields = (
        Property("events", Kind.SET, "Events", element=Property(""), required=True),
        Property("filterPrefix"),
        Property("filterSuffix"),
        Property("id", api="Id", computed=True),
        Property(arn_name, api=arn_api, required=arn_required),
    )
    return Property(name, Kind.LIST, element=Property("", Kind.OBJECT, fields=fields))


_NOTIFICATION = (
    Property("bucket", required=True, replaces=True),
    Property("eventbridge", Kind.BOOLEAN, default=False, readable=False),
    _notified("lambdaFunctions", "lambdaFunctionArn", "LambdaFunctionArn", arn_required=False),
    _notified("queues", "queueArn", "QueueArn"),
    _notified("topics", "topicArn", "TopicArn"),
)
_CONFIGURATIONS = {
    "lambdaFunctions": "LambdaFunctionConfigurations",
    "queues": "QueueConfigurations",
    "topics": "TopicConfigurations",
}


def _notification_fields(name: str) -> tuple[Property, ...]:
    element = next(each.element for each in _NOTIFICATION if each.name == name)
    return element.fields if element is not None else ()


def _notification_members(fields: tuple[Property, ...], notification: Properties) -> dict[str, Any]:
    rules = [
        {"Name": rule, "Value": notification[name]}
        for rule, name in (("prefix", "filterPrefix"), ("suffix", "filterSuffix"))
        if notification.get(name)
    ]
    return request_members(fields, notification) | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})


def _notification_of(fields: tuple[Property, ...], members: dict[str, Any]) -> Properties:
    notification = properties_of(fields, members)
    for rule in members.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
        notification[f"filter{rule['Name'].capitalize()}"] = rule["Value"]
    return notification


def _put_notification(cloud: Cloud, inputs: Properties) -> str:
    bucket: str = inputs["bucket"]
    configuration: dict[str, Any] = {
        member: [_notification_members(_notification_fields(name), each) for each in inputs[name]]
        for name, member in _CONFIGURATIONS.items()
        if inputs.get(name)
    }
    if inputs["eventbridge"]:
        configuration["EventBridgeConfiguration"] = {}
    with saying(f"creating S3 Bucket Notification ({bucket})"):
        cloud.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    return bucket


def _read_notification(cloud: Cloud, bucket: str, _known: Properties) -> Properties | None:
    """Without `eventbridge`: moto keeps it and acts on it, but does not give it back."""
    with saying(f"reading S3 Bucket Notification ({bucket})"):
        answer = found(cloud.client("s3").get_bucket_notification_configuration, Bucket=bucket)
    if answer is None:
        return None
    state: Properties = {"bucket": bucket}
    for name, member in _CONFIGURATIONS.items():
        if answer.get(member):
            state[name] = [_notification_of(_notification_fields(name), each) for each in answer[member]]
    return state


def _update_notification(cloud: Cloud, _bucket: str, change: Change) -> None:
    _put_notification(cloud, change.new)


def _delete_notification(cloud: Cloud, bucket: str, _state: Properties) -> None:
    with saying(f"deleting S3 Bucket Notification ({bucket})"), missing_is_fine():
        cloud.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})


_OBJECT_OPERATIONS = Operations(_put_object, _read_object, _update_object, _delete_object)

RESOURCE_TYPES = (
    ResourceType(
        "aws:s3/bucket:Bucket",
        "S3 Bucket",
        _BUCKET,
        Operations(_create_bucket, _read_bucket, _update_bucket, _delete_bucket, _settle_bucket),
        tagged=True,
    ),
    ResourceType(
        "aws:s3/bucketObject:BucketObject",
        "S3 Object",
        _OBJECT,
        _OBJECT_OPERATIONS,
        tagged=True,
        recomputed=_recomputed_object,
    ),
    ResourceType(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "S3 Object",
        _OBJECT,
        _OBJECT_OPERATIONS,
        tagged=True,
        recomputed=_recomputed_object,
    ),
    ResourceType(
        "aws:s3/bucketVersioning:BucketVersioning",
        "S3 Bucket Versioning",
        _VERSIONING,
        Operations(_put_versioning, _read_versioning, _update_versioning, _delete_versioning),
    ),
    ResourceType(
        "aws:s3/bucketNotification:BucketNotification",
        "S3 Bucket Notification",
        _NOTIFICATION,
        Operations(_put_notification, _read_notification, _update_notification, _delete_notification),
    ),
)
