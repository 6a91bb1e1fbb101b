"""The functions (data sources) the stand-in serves: who and where we are, and IAM policy documents.

Sources: terraform-provider-aws, internal/service: sts/caller_identity_data_source.go, meta/region_data_source.go,
meta/partition_data_source.go, iam/policy_document_data_source.go.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from .cloud import Cloud, saying
from .values import Properties

POLICY_VERSION = "2012-10-17"


def _caller_identity(cloud: Cloud, _arguments: Properties) -> Properties:
    with saying("reading STS Caller Identity"):
        answer = cloud.client("sts").get_caller_identity()
    account = answer["Account"]
    return {"accountId": account, "arn": answer["Arn"], "userId": answer["UserId"], "id": account}


def _region(cloud: Cloud, arguments: Properties) -> Properties:
    region = arguments.get("region") or arguments.get("name") or cloud.region
    return {
        "region": region,
        "name": region,
        "id": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _partition(_cloud: Cloud, _arguments: Properties) -> Properties:
    return {"partition": "aws", "id": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _policy_document(_cloud: Cloud, arguments: Properties) -> Properties:
    document: dict[str, Any] = {"Version": arguments.get("version", POLICY_VERSION)}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = [_statement(each) for each in arguments.get("statements") or []]
    written = json.dumps(document, indent=2)
    return {
        **arguments,
        "version": document["Version"],
        "json": written,
        "minifiedJson": json.dumps(document, separators=(",", ":")),
        "id": str(zlib.crc32(written.encode())),
    }


def _statement(statement: Properties) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if statement.get("sid"):
        written["Sid"] = statement["sid"]
    written["Effect"] = statement.get("effect", "Allow")
    for member, name in (
        ("Action", "actions"),
        ("NotAction", "notActions"),
        ("Resource", "resources"),
        ("NotResource", "notResources"),
    ):
        if statement.get(name):
            written[member] = _one_or_many(statement[name])
    for member, name in (("Principal", "principals"), ("NotPrincipal", "notPrincipals")):
        if statement.get(name):
            written[member] = _principals(statement[name])
    if statement.get("conditions"):
        conditions: dict[str, dict[str, Any]] = {}
        for each in statement["conditions"]:
            conditions.setdefault(each["test"], {})[each["variable"]] = _one_or_many(each["values"])
        written["Condition"] = conditions
    return written


def _principals(principals: list[Properties]) -> Any:
    if len(principals) == 1 and principals[0]["type"] == "*" and principals[0]["identifiers"] == ["*"]:
        return "*"
    return {each["type"]: _one_or_many(each["identifiers"]) for each in principals}


def _one_or_many(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


INVOKES: Mapping[str, Callable[[Cloud, Properties], Properties]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
}
