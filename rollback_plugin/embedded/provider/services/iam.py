"""IAM roles and policies.

Schemas: terraform-provider-aws, internal/service/iam/{role,role_policy,policy,role_policy_attachment}.go.
"""

import json
from typing import Any

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

_POLICY_VERSIONS_KEPT = 5

_ROLE = (
    Property("assumeRolePolicy", Kind.JSON, "AssumeRolePolicyDocument", required=True, normalized=True),
    Property("description", api="Description"),
    Property("forceDetachPolicies", Kind.BOOLEAN, default=False, readable=False),
    Property("maxSessionDuration", Kind.INTEGER, "MaxSessionDuration", default=3600),
    Property("name", api="RoleName", replaces=True, autoname=Autoname(64), conflicts_with=("namePrefix",)),
    Property("namePrefix", replaces=True, computed=True),
    Property("path", api="Path", replaces=True, default="/"),
    Property("permissionsBoundary", api="PermissionsBoundary"),
    Property(
        "inlinePolicies",
        Kind.SET,
        element=Property(
            "",
            Kind.OBJECT,
            fields=(Property("name", autoname=Autoname(128)), Property("policy", Kind.JSON)),
        ),
        computed=True,
    ),
    Property("managedPolicyArns", Kind.SET, element=Property(""), computed=True),
    Property("arn", api="Arn", output=True),
    Property("createDate", output=True),
    Property("uniqueId", api="RoleId", output=True),
)


def _create_role(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating IAM Role ({name})"):
        cloud.client("iam").create_role(**request_members(_ROLE, inputs), Tags=tag_list(inputs.get("tagsAll")))
    return name


def _settle_role(cloud: Cloud, name: str, inputs: Properties) -> None:
    with saying(f"creating IAM Role ({name})"):
        _set_inline_policies(cloud, name, [], inputs.get("inlinePolicies") or [])
        _set_managed_policies(cloud, name, [], inputs.get("managedPolicyArns") or [])


def _set_inline_policies(cloud: Cloud, name: str, old: list[Any], new: list[Any]) -> None:
    client = cloud.client("iam")
    wanted = {each["name"]: each["policy"] for each in new if each.get("policy")}
    for each in old:
        if each["name"] not in wanted:
            with missing_is_fine():
                client.delete_role_policy(RoleName=name, PolicyName=each["name"])
    for policy_name, document in wanted.items():
        client.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=document)


def _set_managed_policies(cloud: Cloud, name: str, old: list[str], new: list[str]) -> None:
    client = cloud.client("iam")
    for arn in sorted(set(old) - set(new)):
        with missing_is_fine():
            client.detach_role_policy(RoleName=name, PolicyArn=arn)
    for arn in sorted(set(new) - set(old)):
        client.attach_role_policy(RoleName=name, PolicyArn=arn)


def _read_role(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("iam")
    with saying(f"reading IAM Role ({name})"):
        answer = found(client.get_role, RoleName=name)
        if answer is None:
            return None
        role = answer["Role"]
        attached = client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        inline = [
            {
                "name": each,
                "policy": _document(client.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"]),
            }
            for each in client.list_role_policies(RoleName=name)["PolicyNames"]
        ]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    state = properties_of(
        _ROLE,
        role
        | {"AssumeRolePolicyDocument": _document(role["AssumeRolePolicyDocument"]), "PermissionsBoundary": boundary},
    )
    state |= {
        "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "managedPolicyArns": [each["PolicyArn"] for each in attached],
        "inlinePolicies": inline,
    }
    return with_tags(state, tags_of(role.get("Tags")), known, cloud.default_tags)


def _update_role(cloud: Cloud, name: str, change: Change) -> None:
    client, new = cloud.client("iam"), change.new
    with saying(f"updating IAM Role ({name})"):
        if change.any_of("assumeRolePolicy"):
            client.update_assume_role_policy(RoleName=name, PolicyDocument=new["assumeRolePolicy"])
        if change.any_of("description", "maxSessionDuration"):
            client.update_role(
                RoleName=name, Description=new.get("description", ""), MaxSessionDuration=new["maxSessionDuration"]
            )
        if change.any_of("permissionsBoundary"):
            if new.get("permissionsBoundary"):
                client.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=new["permissionsBoundary"])
            else:
                client.delete_role_permissions_boundary(RoleName=name)
        if change.any_of("inlinePolicies"):
            _set_inline_policies(cloud, name, change.old.get("inlinePolicies") or [], new.get("inlinePolicies") or [])
        if change.any_of("managedPolicyArns"):
            _set_managed_policies(
                cloud, name, change.old.get("managedPolicyArns") or [], new.get("managedPolicyArns") or []
            )
        changed, removed = tag_changes(change.old, new)
        if removed:
            client.untag_role(RoleName=name, TagKeys=removed)
        if changed:
            client.tag_role(RoleName=name, Tags=tag_list(changed))


def _delete_role(cloud: Cloud, name: str, state: Properties) -> None:
    client = cloud.client("iam")
    with saying(f"deleting IAM Role ({name})"), missing_is_fine():
        if state.get("forceDetachPolicies") or state.get("managedPolicyArns"):
            for each in client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
                client.detach_role_policy(RoleName=name, PolicyArn=each["PolicyArn"])
        if state.get("forceDetachPolicies") or state.get("inlinePolicies"):
            for policy_name in client.list_role_policies(RoleName=name)["PolicyNames"]:
                client.delete_role_policy(RoleName=name, PolicyName=policy_name)
        client.delete_role(RoleName=name)


def _document(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document, sort_keys=True, separators=(",", ":"))


_ROLE_POLICY = (
    Property("name", replaces=True, autoname=Autoname(), conflicts_with=("namePrefix",)),
    Property("namePrefix", replaces=True, computed=True),
    Property("policy", Kind.JSON, required=True, normalized=True),
    Property("role", required=True, replaces=True),
)


def _create_role_policy(cloud: Cloud, inputs: Properties) -> str:
    _put_role_policy(cloud, inputs)
    return f"{inputs['role']}:{inputs['name']}"


def _put_role_policy(cloud: Cloud, inputs: Properties) -> None:
    role, name = inputs["role"], inputs["name"]
    with saying(f"putting IAM Role ({role}) Policy ({name})"):
        cloud.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=inputs["policy"])


def _read_role_policy(cloud: Cloud, identifier: str, _known: Properties) -> Properties | None:
    role, name = identifier.split(":", 1)
    with saying(f"reading IAM Role Policy ({identifier})"):
        answer = found(cloud.client("iam").get_role_policy, RoleName=role, PolicyName=name)
    if answer is None:
        return None
    return {"role": role, "name": name, "policy": _document(answer["PolicyDocument"])}


def _update_role_policy(cloud: Cloud, _identifier: str, change: Change) -> None:
    _put_role_policy(cloud, change.new)


def _delete_role_policy(cloud: Cloud, identifier: str, _state: Properties) -> None:
    role, name = identifier.split(":", 1)
    with saying(f"deleting IAM Role Policy ({identifier})"), missing_is_fine():
        cloud.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


_POLICY = (
    Property("delayAfterPolicyCreationInMs", Kind.INTEGER, readable=False),
    Property("description", api="Description", replaces=True),
    Property("name", api="PolicyName", replaces=True, autoname=Autoname(), conflicts_with=("namePrefix",)),
    Property("namePrefix", replaces=True, computed=True),
    Property("path", api="Path", replaces=True, default="/"),
    Property("policy", Kind.JSON, "PolicyDocument", required=True, normalized=True),
    Property("arn", api="Arn", output=True),
    Property("attachmentCount", Kind.INTEGER, "AttachmentCount", output=True),
    Property("policyId", api="PolicyId", output=True),
)


def _create_policy(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating IAM Policy ({inputs['name']})"):
        answer = cloud.client("iam").create_policy(
            **request_members(_POLICY, inputs), Tags=tag_list(inputs.get("tagsAll"))
        )
    arn: str = answer["Policy"]["Arn"]
    return arn


def _read_policy(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    client = cloud.client("iam")
    with saying(f"reading IAM Policy ({arn})"):
        answer = found(client.get_policy, PolicyArn=arn)
        if answer is None:
            return None
        policy = answer["Policy"]
        version = client.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        tags = client.list_policy_tags(PolicyArn=arn)["Tags"]
    state = properties_of(_POLICY, policy | {"PolicyDocument": _document(version["Document"])})
    return with_tags(state, tags_of(tags), known, cloud.default_tags)


def _update_policy(cloud: Cloud, arn: str, change: Change) -> None:
    client = cloud.client("iam")
    with saying(f"updating IAM Policy ({arn})"):
        if change.any_of("policy"):
            versions = client.list_policy_versions(PolicyArn=arn)["Versions"]
            if len(versions) >= _POLICY_VERSIONS_KEPT:
                oldest = min(
                    (each for each in versions if not each["IsDefaultVersion"]), key=lambda each: each["CreateDate"]
                )
                client.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
            client.create_policy_version(PolicyArn=arn, PolicyDocument=change.new["policy"], SetAsDefault=True)
        changed, removed = tag_changes(change.old, change.new)
        if removed:
            client.untag_policy(PolicyArn=arn, TagKeys=removed)
        if changed:
            client.tag_policy(PolicyArn=arn, Tags=tag_list(changed))


def _delete_policy(cloud: Cloud, arn: str, _state: Properties) -> None:
    client = cloud.client("iam")
    with saying(f"deleting IAM Policy ({arn})"), missing_is_fine():
        for each in client.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not each["IsDefaultVersion"]:
                client.delete_policy_version(PolicyArn=arn, VersionId=each["VersionId"])
        client.delete_policy(PolicyArn=arn)


_ATTACHMENT = (
    Property("policyArn", required=True, replaces=True),
    Property("role", required=True, replaces=True),
)


def _create_attachment(cloud: Cloud, inputs: Properties) -> str:
    role, arn = inputs["role"], inputs["policyArn"]
    with saying(f"attaching IAM Policy ({arn}) to IAM Role ({role})"):
        cloud.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
    return f"{role}/{arn}"


def _read_attachment(cloud: Cloud, identifier: str, _known: Properties) -> Properties | None:
    role, arn = identifier.split("/", 1)
    with saying(f"reading IAM Role Policy Attachment ({identifier})"):
        answer = found(cloud.client("iam").list_attached_role_policies, RoleName=role)
    if answer is None or all(each["PolicyArn"] != arn for each in answer["AttachedPolicies"]):
        return None
    return {"role": role, "policyArn": arn}


def _update_attachment(cloud: Cloud, identifier: str, change: Change) -> None:
    """Every property replaces, so there is nothing to update."""


def _delete_attachment(cloud: Cloud, identifier: str, _state: Properties) -> None:
    role, arn = identifier.split("/", 1)
    with saying(f"detaching IAM Policy ({arn}) from IAM Role ({role})"), missing_is_fine():
        cloud.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


RESOURCE_TYPES = (
    ResourceType(
        "aws:iam/role:Role",
        "IAM Role",
        _ROLE,
        Operations(_create_role, _read_role, _update_role, _delete_role, _settle_role),
        regional=False,
        tagged=True,
    ),
    ResourceType(
        "aws:iam/rolePolicy:RolePolicy",
        "IAM Role Policy",
        _ROLE_POLICY,
        Operations(_create_role_policy, _read_role_policy, _update_role_policy, _delete_role_policy),
        regional=False,
    ),
    ResourceType(
        "aws:iam/policy:Policy",
        "IAM Policy",
        _POLICY,
        Operations(_create_policy, _read_policy, _update_policy, _delete_policy),
        regional=False,
        tagged=True,
    ),
    ResourceType(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "IAM Role Policy Attachment",
        _ATTACHMENT,
        Operations(_create_attachment, _read_attachment, _update_attachment, _delete_attachment),
        regional=False,
        delete_before_replace=True,
    ),
)
