"""Application Auto Scaling. Schemas: terraform-provider-aws, internal/service/appautoscaling/{target,policy}.go."""

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members
from rollback_plugin.embedded.provider.values import Properties

_SERVICE = "application-autoscaling"

_TARGET = (
    Property("maxCapacity", Kind.INTEGER, "MaxCapacity", required=True),
    Property("minCapacity", Kind.INTEGER, "MinCapacity", required=True),
    Property("resourceId", api="ResourceId", required=True, replaces=True),
    Property("roleArn", api="RoleARN", replaces=True, computed=True),
    Property("scalableDimension", api="ScalableDimension", required=True, replaces=True),
    Property("serviceNamespace", api="ServiceNamespace", required=True, replaces=True),
    Property("arn", api="ScalableTargetARN", output=True),
)


def _put_target(cloud: Cloud, inputs: Properties) -> str:
    identifier: str = inputs["resourceId"]
    with saying(f"creating Application AutoScaling Target ({identifier})"):
        cloud.client(_SERVICE).register_scalable_target(**request_members(_TARGET, inputs))
    return identifier


def _read_target(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    with saying(f"reading Application AutoScaling Target ({identifier})"):
        answer = found(
            cloud.client(_SERVICE).describe_scalable_targets,
            ServiceNamespace=known["serviceNamespace"],
            ResourceIds=[identifier],
            ScalableDimension=known["scalableDimension"],
        )
    targets = (answer or {}).get("ScalableTargets", ())
    if not targets:
        return None
    # moto keeps no tags of targets: what was last known counts.
    tags = {name: known[name] for name in ("tags", "tagsAll") if name in known}
    return properties_of(_TARGET, targets[0]) | tags


def _update_target(cloud: Cloud, _identifier: str, change: Change) -> None:
    _put_target(cloud, change.new)


def _delete_target(cloud: Cloud, identifier: str, state: Properties) -> None:
    with saying(f"deleting Application AutoScaling Target ({identifier})"), missing_is_fine():
        cloud.client(_SERVICE).deregister_scalable_target(
            ServiceNamespace=state["serviceNamespace"],
            ResourceId=identifier,
            ScalableDimension=state["scalableDimension"],
        )


_METRIC = (
    Property(
        "dimensions",
        Kind.SET,
        "Dimensions",
        element=Property(
            "",
            Kind.OBJECT,
            fields=(Property("name", api="Name", required=True), Property("value", api="Value", required=True)),
        ),
    ),
    Property("metricName", api="MetricName"),
    Property("namespace", api="Namespace"),
    Property("statistic", api="Statistic"),
    Property("unit", api="Unit"),
)
_POLICY = (
    Property("name", api="PolicyName", replaces=True, autoname=Autoname()),
    Property("policyType", api="PolicyType", default="StepScaling"),
    Property("resourceId", api="ResourceId", required=True, replaces=True),
    Property("scalableDimension", api="ScalableDimension", required=True, replaces=True),
    Property("serviceNamespace", api="ServiceNamespace", required=True, replaces=True),
    Property(
        "targetTrackingScalingPolicyConfiguration",
        Kind.OBJECT,
        "TargetTrackingScalingPolicyConfiguration",
        fields=(
            Property("customizedMetricSpecification", Kind.OBJECT, "CustomizedMetricSpecification", fields=_METRIC),
            Property("disableScaleIn", Kind.BOOLEAN, "DisableScaleIn", default=False),
            Property("scaleInCooldown", Kind.INTEGER, "ScaleInCooldown"),
            Property("scaleOutCooldown", Kind.INTEGER, "ScaleOutCooldown"),
            Property("targetValue", Kind.NUMBER, "TargetValue", required=True),
        ),
    ),
    Property("alarmArns", Kind.LIST, element=Property(""), output=True),
    Property("arn", api="PolicyARN", output=True),
)


def _put_policy(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating Application AutoScaling Policy ({name})"):
        cloud.client(_SERVICE).put_scaling_policy(**request_members(_POLICY, inputs))
    return name


def _read_policy(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    with saying(f"reading Application AutoScaling Policy ({name})"):
        answer = found(
            cloud.client(_SERVICE).describe_scaling_policies,
            PolicyNames=[name],
            ServiceNamespace=known["serviceNamespace"],
            ResourceId=known["resourceId"],
        )
    policies = [each for each in (answer or {}).get("ScalingPolicies", ()) if each["PolicyName"] == name]
    if not policies:
        return None
    return properties_of(_POLICY, policies[0]) | {"alarmArns": [each["AlarmARN"] for each in policies[0]["Alarms"]]}


def _update_policy(cloud: Cloud, name: str, change: Change) -> None:
    # moto makes another policy of one that is put again, and leaves the alarms of the first.
    _delete_policy(cloud, name, change.old)
    _put_policy(cloud, change.new)


def _delete_policy(cloud: Cloud, name: str, state: Properties) -> None:
    with saying(f"deleting Application AutoScaling Policy ({name})"), missing_is_fine():
        cloud.client(_SERVICE).delete_scaling_policy(
            PolicyName=name,
            ServiceNamespace=state["serviceNamespace"],
            ResourceId=state["resourceId"],
            ScalableDimension=state["scalableDimension"],
        )


RESOURCE_TYPES = (
    ResourceType(
        "aws:appautoscaling/target:Target",
        "Application AutoScaling Target",
        _TARGET,
        Operations(_put_target, _read_target, _update_target, _delete_target),
        tagged=True,
    ),
    ResourceType(
        "aws:appautoscaling/policy:Policy",
        "Application AutoScaling Policy",
        _POLICY,
        Operations(_put_policy, _read_policy, _update_policy, _delete_policy),
    ),
)
