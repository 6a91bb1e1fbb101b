"""Secrets and their versions.

Schemas: terraform-provider-aws, internal/service/secretsmanager/{secret,secret_version}.go. A version's text can't be
changed: another text is another version, and deleting the current one leaves it where it is.
"""

import base64

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import (
    properties_of,
    request_members,
    tag_changes,
    tag_list,
    tags_of,
    with_tags,
)
from rollback_plugin.embedded.provider.values import Properties

_SECRET = (
    Property("description", api="Description"),
    Property("forceOverwriteReplicaSecret", Kind.BOOLEAN, default=False, readable=False),
    Property("kmsKeyId", api="KmsKeyId"),
    Property("name", api="Name", replaces=True, autoname=Autoname(), conflicts_with=("namePrefix",)),
    Property("namePrefix", replaces=True, computed=True),
    Property("policy", Kind.JSON, computed=True),
    Property("recoveryWindowInDays", Kind.INTEGER, default=30, readable=False),
    Property("arn", api="ARN", output=True),
)


def _create_secret(cloud: Cloud, inputs: Properties) -> str:
    name = inputs["name"]
    with saying(f"creating Secrets Manager Secret ({name})"):
        answer = cloud.client("secretsmanager").create_secret(
            **request_members(_SECRET, inputs), Tags=tag_list(inputs.get("tagsAll"))
        )
    arn: str = answer["ARN"]
    return arn


def _settle_secret(cloud: Cloud, arn: str, inputs: Properties) -> None:
    if inputs.get("policy"):
        _put_policy(cloud, arn, inputs["policy"])


def _put_policy(cloud: Cloud, arn: str, policy: str) -> None:
    with saying(f"putting Secrets Manager Secret ({arn}) policy"):
        cloud.client("secretsmanager").put_resource_policy(SecretId=arn, ResourcePolicy=policy)


def _read_secret(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    client = cloud.client("secretsmanager")
    with saying(f"reading Secrets Manager Secret ({arn})"):
        answer = found(client.describe_secret, SecretId=arn)
        if answer is None or answer.get("DeletedDate") is not None:
            return None
        policy = client.get_resource_policy(SecretId=arn).get("ResourcePolicy", "")
    state = properties_of(_SECRET, answer) | {"policy": policy}
    return with_tags(state, tags_of(answer.get("Tags")), known, cloud.default_tags)


def _update_secret(cloud: Cloud, arn: str, change: Change) -> None:
    client, new = cloud.client("secretsmanager"), change.new
    if change.any_of("policy"):
        _put_policy(cloud, arn, new["policy"])
    with saying(f"updating Secrets Manager Secret ({arn})"):
        if change.any_of("description", "kmsKeyId"):
            key = {"KmsKeyId": new["kmsKeyId"]} if new.get("kmsKeyId") else {}
            client.update_secret(SecretId=arn, Description=new.get("description", ""), **key)
        changed, removed = tag_changes(change.old, new)
        if removed:
            client.untag_resource(SecretId=arn, TagKeys=removed)
        if changed:
            client.tag_resource(SecretId=arn, Tags=tag_list(changed))


def _delete_secret(cloud: Cloud, arn: str, state: Properties) -> None:
    days = state["recoveryWindowInDays"]
    window = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    with saying(f"deleting Secrets Manager Secret ({arn})"), missing_is_fine():
        cloud.client("secretsmanager").delete_secret(SecretId=arn, **window)


_VERSION = (
    Property(
        "secretBinary",
        replaces=True,
        secret=True,
        conflicts_with=("secretString",),
    ),
    Property("secretId", required=True, replaces=True),
    Property("secretString", replaces=True, secret=True, conflicts_with=("secretBinary",)),
    Property("versionStages", Kind.SET, "VersionStages", element=Property(""), computed=True),
    Property("arn", api="ARN", output=True),
    Property("hasSecretStringWo", Kind.BOOLEAN, output=True),
    Property("secretArn", output=True),
    Property("versionId", api="VersionId", output=True),
)
_CURRENT = "AWSCURRENT"


def _create_version(cloud: Cloud, inputs: Properties) -> str:
    secret = inputs["secretId"]
    members = request_members(_VERSION, inputs)
    if inputs.get("secretBinary"):
        members["SecretBinary"] = base64.b64decode(inputs["secretBinary"])
    if inputs.get("secretString"):
        members["SecretString"] = inputs["secretString"]
    with saying(f"putting Secrets Manager Secret ({secret}) value"):
        answer = cloud.client("secretsmanager").put_secret_value(SecretId=secret, **members)
    return f"{secret}|{answer['VersionId']}"


def _read_version(cloud: Cloud, identifier: str, _known: Properties) -> Properties | None:
    secret, _, version = identifier.partition("|")
    with saying(f"reading Secrets Manager Secret Version ({identifier})"):
        answer = found(cloud.client("secretsmanager").get_secret_value, SecretId=secret, VersionId=version)
    if answer is None:
        return None
    state = properties_of(_VERSION, answer) | {
        "secretId": secret,
        "secretArn": answer["ARN"],
        "hasSecretStringWo": False,
    }
    if answer.get("SecretString"):
        state["secretString"] = answer["SecretString"]
    if answer.get("SecretBinary"):
        state["secretBinary"] = base64.b64encode(answer["SecretBinary"]).decode()
    return state


def _move_stage(cloud: Cloud, identifier: str, stage: str, **versions: str) -> None:
    secret, _, _ = identifier.partition("|")
    with saying(f"moving Secrets Manager Secret Version ({identifier}) stage ({stage})"), missing_is_fine():
        cloud.client("secretsmanager").update_secret_version_stage(SecretId=secret, VersionStage=stage, **versions)


def _update_version(cloud: Cloud, identifier: str, change: Change) -> None:
    _, _, version = identifier.partition("|")
    old, new = set(change.old.get("versionStages") or ()), set(change.new.get("versionStages") or ())
    for stage in sorted(new - old):
        _move_stage(cloud, identifier, stage, MoveToVersionId=version)
    for stage in sorted(old - new - {_CURRENT}):
        _move_stage(cloud, identifier, stage, RemoveFromVersionId=version)


def _delete_version(cloud: Cloud, identifier: str, _state: Properties) -> None:
    """Stages other than the current one are taken off it; then AWS forgets it in its own time."""
    secret, _, version = identifier.partition("|")
    with saying(f"reading Secrets Manager Secret Version ({identifier})"):
        answer = found(cloud.client("secretsmanager").list_secret_version_ids, SecretId=secret)
    stages = {each["VersionId"]: each.get("VersionStages") or () for each in (answer or {}).get("Versions", ())}
    for stage in stages.get(version, ()):
        if stage != _CURRENT:
            _move_stage(cloud, identifier, stage, RemoveFromVersionId=version)


RESOURCE_TYPES = (
    ResourceType(
        "aws:secretsmanager/secret:Secret",
        "Secrets Manager Secret",
        _SECRET,
        Operations(_create_secret, _read_secret, _update_secret, _delete_secret, _settle_secret),
        tagged=True,
    ),
    ResourceType(
        "aws:secretsmanager/secretVersion:SecretVersion",
        "Secrets Manager Secret Version",
        _VERSION,
        Operations(_create_version, _read_version, _update_version, _delete_version),
    ),
)
