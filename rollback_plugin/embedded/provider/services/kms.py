"""KMS keys and aliases. Schemas: terraform-provider-aws, internal/service/kms/{key,alias}.go."""

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members, tag_changes, with_tags
from rollback_plugin.embedded.provider.values import Properties, PropertyValue

_KEY = (
    Property("bypassPolicyLockoutSafetyCheck", Kind.BOOLEAN, default=False, readable=False),
    Property("customerMasterKeySpec", api="KeySpec", default="SYMMETRIC_DEFAULT", replaces=True),
    Property("deletionWindowInDays", Kind.INTEGER, readable=False),
    Property("description", api="Description", computed=True),
    Property("enableKeyRotation", Kind.BOOLEAN, default=False),
    Property("isEnabled", Kind.BOOLEAN, default=True),
    Property("keyUsage", api="KeyUsage", default="ENCRYPT_DECRYPT", replaces=True),
    Property("multiRegion", Kind.BOOLEAN, "MultiRegion", computed=True, replaces=True),
    Property("policy", Kind.JSON, computed=True),
    Property("rotationPeriodInDays", Kind.INTEGER, computed=True),
    Property("arn", api="Arn", output=True),
    Property("keyId", api="KeyId", output=True),
)
_PENDING_DELETION = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
_POLICY_NAME = "default"


def _key_tags(tags: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted((tags or {}).items())]


def _create_key(cloud: Cloud, inputs: Properties) -> str:
    policy = {"Policy": inputs["policy"]} if inputs.get("policy") else {}
    with saying("creating KMS Key"):
        answer = cloud.client("kms").create_key(
            **request_members(_KEY, inputs), **policy, Tags=_key_tags(inputs.get("tagsAll"))
        )
    identifier: str = answer["KeyMetadata"]["KeyId"]
    return identifier


def _settle_key(cloud: Cloud, key: str, inputs: Properties) -> None:
    if inputs["enableKeyRotation"]:
        _set_rotation(cloud, key, inputs)
    if not inputs["isEnabled"]:
        _set_enabled(cloud, key, enabled=False)


def _set_rotation(cloud: Cloud, key: str, inputs: Properties) -> None:
    period = inputs.get("rotationPeriodInDays")
    with saying(f"updating KMS Key ({key}) rotation"):
        if inputs["enableKeyRotation"]:
            cloud.client("kms").enable_key_rotation(KeyId=key, **({"RotationPeriodInDays": period} if period else {}))
        else:
            cloud.client("kms").disable_key_rotation(KeyId=key)


def _set_enabled(cloud: Cloud, key: str, *, enabled: bool) -> None:
    client = cloud.client("kms")
    with saying(f"{'enabling' if enabled else 'disabling'} KMS Key ({key})"):
        (client.enable_key if enabled else client.disable_key)(KeyId=key)


def _read_key(cloud: Cloud, key: str, known: Properties) -> Properties | None:
    client = cloud.client("kms")
    with saying(f"reading KMS Key ({key})"):
        answer = found(client.describe_key, KeyId=key)
        if answer is None or answer["KeyMetadata"]["KeyState"] in _PENDING_DELETION:
            return None
        policy = client.get_key_policy(KeyId=key, PolicyName=_POLICY_NAME)["Policy"]
        rotation = client.get_key_rotation_status(KeyId=key)
        tags = {each["TagKey"]: each["TagValue"] for each in client.list_resource_tags(KeyId=key)["Tags"]}
    state = properties_of(_KEY, answer["KeyMetadata"]) | {
        "policy": policy,
        "isEnabled": answer["KeyMetadata"]["Enabled"],
        "enableKeyRotation": rotation["KeyRotationEnabled"],
        "rotationPeriodInDays": rotation.get("RotationPeriodInDays", 0),
    }
    return with_tags(state, tags, known, cloud.default_tags)


def _update_key(cloud: Cloud, key: str, change: Change) -> None:
    """In upstream's order: a disabled key can't be changed."""
    client, new = cloud.client("kms"), change.new
    if change.any_of("isEnabled") and new["isEnabled"]:
        _set_enabled(cloud, key, enabled=True)
    if change.any_of("enableKeyRotation", "rotationPeriodInDays"):
        _set_rotation(cloud, key, new)
    with saying(f"updating KMS Key ({key})"):
        if change.any_of("description"):
            client.update_key_description(KeyId=key, Description=new.get("description", ""))
        if change.any_of("policy"):
            client.put_key_policy(KeyId=key, PolicyName=_POLICY_NAME, Policy=new["policy"])
        changed, removed = tag_changes(change.old, new)
        if removed:
            client.untag_resource(KeyId=key, TagKeys=removed)
        if changed:
            client.tag_resource(KeyId=key, Tags=_key_tags(changed))
    if change.any_of("isEnabled") and not new["isEnabled"]:
        _set_enabled(cloud, key, enabled=False)


def _delete_key(cloud: Cloud, key: str, state: Properties) -> None:
    """Scheduled only: the key can be rescued until the window has passed."""
    days = state.get("deletionWindowInDays")
    with saying(f"deleting KMS Key ({key})"), missing_is_fine():
        cloud.client("kms").schedule_key_deletion(KeyId=key, **({"PendingWindowInDays": days} if days else {}))


def _same_key(old: PropertyValue, new: PropertyValue) -> bool:
    """suppressEquivalentKeyARNOrID in internal/service/kms."""
    return isinstance(old, str) and isinstance(new, str) and old.rsplit("/", 1)[-1] == new.rsplit("/", 1)[-1]


_ALIAS = (
    Property("name", replaces=True, autoname=Autoname(238, prefix="alias/"), conflicts_with=("namePrefix",)),
    Property("namePrefix", replaces=True, computed=True),
    Property("targetKeyId", required=True, equivalent=_same_key),
    Property("arn", output=True),
    Property("targetKeyArn", output=True),
)


def _create_alias(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating KMS Alias ({name})"):
        cloud.client("kms").create_alias(AliasName=name, TargetKeyId=inputs["targetKeyId"])
    return name


def _read_alias(cloud: Cloud, name: str, _known: Properties) -> Properties | None:
    with saying(f"reading KMS Alias ({name})"):
        pages = cloud.client("kms").get_paginator("list_aliases").paginate()
        aliases = [each for page in pages for each in page["Aliases"] if each["AliasName"] == name]
    if not aliases:
        return None
    key = aliases[0]["TargetKeyId"]
    arn: str = aliases[0]["AliasArn"]
    return {"name": name, "arn": arn, "targetKeyId": key, "targetKeyArn": f"{arn.rsplit(':', 1)[0]}:key/{key}"}


def _update_alias(cloud: Cloud, name: str, change: Change) -> None:
    with saying(f"updating KMS Alias ({name})"):
        cloud.client("kms").update_alias(AliasName=name, TargetKeyId=change.new["targetKeyId"])


def _delete_alias(cloud: Cloud, name: str, _state: Properties) -> None:
    with saying(f"deleting KMS Alias ({name})"), missing_is_fine():
        cloud.client("kms").delete_alias(AliasName=name)


RESOURCE_TYPES = (
    ResourceType(
        "aws:kms/key:Key",
        "KMS Key",
        _KEY,
        Operations(_create_key, _read_key, _update_key, _delete_key, _settle_key),
        tagged=True,
    ),
    ResourceType(
        "aws:kms/alias:Alias",
        "KMS Alias",
        _ALIAS,
        Operations(_create_alias, _read_alias, _update_alias, _delete_alias),
    ),
)
