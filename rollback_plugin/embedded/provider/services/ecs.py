"""ECS clusters, task definitions and services, as far as a service on Fargate needs them. Schemas:
terraform-provider-aws, internal/service/ecs/{cluster,task_definition,service}.go."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members, tag_changes, with_tags
from rollback_plugin.embedded.provider.values import INTERNAL_KEYS, Properties

_GONE = frozenset({"INACTIVE", "DRAINING"})


def _tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """ECS writes the members of tags in lower case."""
    return [{"key": key, "value": value} for key, value in sorted((tags or {}).items()) if key not in INTERNAL_KEYS]


def _tags_of(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {each["key"]: each.get("value", "") for each in tags or ()}


def _change_tags(cloud: Cloud, arn: str, change: Change) -> None:
    changed, removed = tag_changes(change.old, change.new)
    if removed:
        cloud.client("ecs").untag_resource(resourceArn=arn, tagKeys=removed)
    if changed:
        cloud.client("ecs").tag_resource(resourceArn=arn, tags=_tag_list(changed))


_CLUSTER = (
    Property("name", api="clusterName", replaces=True, autoname=Autoname()),
    Property("arn", api="clusterArn", output=True),
)


def _create_cluster(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating ECS Cluster ({inputs['name']})"):
        members = request_members(_CLUSTER, inputs)
        arn: str = cloud.client("ecs").create_cluster(**members, tags=_tag_list(inputs.get("tagsAll")))["cluster"][
            "clusterArn"
        ]
    return arn


def _read_cluster(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    with saying(f"reading ECS Cluster ({arn})"):
        answer = found(cloud.client("ecs").describe_clusters, clusters=[arn], include=["TAGS"])
    clusters = [each for each in (answer or {}).get("clusters", ()) if each["status"] not in _GONE]
    if not clusters:
        return None
    return with_tags(properties_of(_CLUSTER, clusters[0]), _tags_of(clusters[0].get("tags")), known, cloud.default_tags)


def _update_cluster(cloud: Cloud, arn: str, change: Change) -> None:
    with saying(f"updating ECS Cluster ({arn}) tags"):
        _change_tags(cloud, arn, change)


def _delete_cluster(cloud: Cloud, arn: str, _state: Properties) -> None:
    with saying(f"deleting ECS Cluster ({arn})"), missing_is_fine():
        cloud.client("ecs").delete_cluster(cluster=arn)


_TASK_DEFINITION = (
    # AWS gives it back with its defaults filled in; upstream compares by meaning (containerDefinitionsAreEquivalent).
    Property("containerDefinitions", Kind.JSON, required=True, replaces=True, readable=False),
    Property("cpu", api="cpu", replaces=True),
    Property("executionRoleArn", api="executionRoleArn", replaces=True),
    Property("family", api="family", required=True, replaces=True),
    Property("memory", api="memory", replaces=True),
    Property("networkMode", api="networkMode", replaces=True, computed=True),
    Property("requiresCompatibilities", Kind.SET, "requiresCompatibilities", element=Property(""), replaces=True),
    Property("skipDestroy", Kind.BOOLEAN, default=False, readable=False),
    Property("taskRoleArn", api="taskRoleArn", replaces=True),
    Property("trackLatest", Kind.BOOLEAN, default=False, readable=False),
    Property("arn", api="taskDefinitionArn", output=True),
    Property("arnWithoutRevision", output=True),
    Property("revision", Kind.INTEGER, "revision", output=True),
)


def _create_task_definition(cloud: Cloud, inputs: Properties) -> str:
    family: str = inputs["family"]
    with saying(f"creating ECS Task Definition ({family})"):
        cloud.client("ecs").register_task_definition(
            **request_members(_TASK_DEFINITION, inputs),
            containerDefinitions=json.loads(inputs["containerDefinitions"]),
            tags=_tag_list(inputs.get("tagsAll")),
        )
    return family


def _read_task_definition(cloud: Cloud, family: str, known: Properties) -> Properties | None:
    with saying(f"reading ECS Task Definition ({family})"):
        answer = found(
            cloud.client("ecs").describe_task_definition, taskDefinition=known.get("arn") or family, include=["TAGS"]
        )
    definition = (answer or {}).get("taskDefinition")
    if definition is None or definition.get("status") in _GONE:
        return None
    state = properties_of(_TASK_DEFINITION, definition)
    state["arnWithoutRevision"] = state["arn"].rpartition(":")[0]
    return with_tags(state, _tags_of((answer or {}).get("tags")), known, cloud.default_tags)


def _update_task_definition(cloud: Cloud, family: str, change: Change) -> None:
    with saying(f"updating ECS Task Definition ({family}) tags"):
        _change_tags(cloud, str(change.old["arn"]), change)


def _delete_task_definition(cloud: Cloud, family: str, state: Properties) -> None:
    if state.get("skipDestroy"):
        return
    with saying(f"deleting ECS Task Definition ({family})"), missing_is_fine():
        cloud.client("ecs").deregister_task_definition(taskDefinition=state["arn"])


_NETWORK = Property(
    "networkConfiguration",
    Kind.OBJECT,
    fields=(
        Property("assignPublicIp", Kind.BOOLEAN, default=False),
        Property("securityGroups", Kind.SET, "securityGroups", element=Property("")),
        Property("subnets", Kind.SET, "subnets", required=True, element=Property("")),
    ),
    readable=False,
)
_SERVICE = (
    Property("cluster", api="cluster", replaces=True, computed=True, readable=False),
    Property("deploymentMaximumPercent", Kind.INTEGER, default=200, readable=False),
    Property("deploymentMinimumHealthyPercent", Kind.INTEGER, default=100, readable=False),
    Property("desiredCount", Kind.INTEGER, "desiredCount"),
    Property("launchType", api="launchType", replaces=True, computed=True),
    Property("name", api="serviceName", replaces=True, autoname=Autoname()),
    _NETWORK,
    Property("schedulingStrategy", api="schedulingStrategy", default="REPLICA", replaces=True),
    Property("taskDefinition", api="taskDefinition"),
    Property("waitForSteadyState", Kind.BOOLEAN, default=False, readable=False),
    Property("arn", api="serviceArn", output=True),
)
_UPDATABLE = ("desiredCount", "taskDefinition")


def _deployment(inputs: Properties) -> dict[str, Any]:
    members: dict[str, Any] = {
        "deploymentConfiguration": {
            "maximumPercent": inputs["deploymentMaximumPercent"],
            "minimumHealthyPercent": inputs["deploymentMinimumHealthyPercent"],
        }
    }
    network = inputs.get("networkConfiguration")
    if network:
        vpc = {"securityGroups": [], **request_members(_NETWORK.fields, network)}
        vpc["assignPublicIp"] = "ENABLED" if network.get("assignPublicIp") else "DISABLED"
        members["networkConfiguration"] = {"awsvpcConfiguration": vpc}
    return members


def _create_service(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating ECS Service ({inputs['name']})"):
        answer = cloud.client("ecs").create_service(
            **request_members(_SERVICE, inputs), **_deployment(inputs), tags=_tag_list(inputs.get("tagsAll"))
        )
    arn: str = answer["service"]["serviceArn"]
    return arn


def _read_service(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    cluster = known.get("cluster") or arn.split("/")[1]
    with saying(f"reading ECS Service ({arn})"):
        answer = found(cloud.client("ecs").describe_services, cluster=cluster, services=[arn], include=["TAGS"])
    services = [each for each in (answer or {}).get("services", ()) if each["status"] not in _GONE]
    if not services:
        return None
    state = properties_of(_SERVICE, services[0])
    return with_tags(state, _tags_of(services[0].get("tags")), known, cloud.default_tags)


def _update_service(cloud: Cloud, arn: str, change: Change) -> None:
    with saying(f"updating ECS Service ({arn})"):
        if change.changed - {"tags", "tagsAll", "waitForSteadyState"}:
            cloud.client("ecs").update_service(
                cluster=change.new["cluster"],
                service=arn,
                **request_members(_SERVICE, change.new, _UPDATABLE),
                **_deployment(change.new),
            )
        _change_tags(cloud, arn, change)


def _delete_service(cloud: Cloud, arn: str, state: Properties) -> None:
    cluster = state.get("cluster") or arn.split("/")[1]
    with saying(f"deleting ECS Service ({arn})"), missing_is_fine():
        cloud.client("ecs").update_service(cluster=cluster, service=arn, desiredCount=0)
        cloud.client("ecs").delete_service(cluster=cluster, service=arn)


RESOURCE_TYPES = (
    ResourceType(
        "aws:ecs/cluster:Cluster",
        "ECS Cluster",
        _CLUSTER,
        Operations(_create_cluster, _read_cluster, _update_cluster, _delete_cluster),
        tagged=True,
    ),
    ResourceType(
        "aws:ecs/taskDefinition:TaskDefinition",
        "ECS Task Definition",
        _TASK_DEFINITION,
        Operations(_create_task_definition, _read_task_definition, _update_task_definition, _delete_task_definition),
        tagged=True,
    ),
    ResourceType(
        "aws:ecs/service:Service",
        "ECS Service",
        _SERVICE,
        Operations(_create_service, _read_service, _update_service, _delete_service),
        tagged=True,
    ),
)
