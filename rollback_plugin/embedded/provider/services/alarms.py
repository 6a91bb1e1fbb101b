"""CloudWatch metric alarms. Schema: terraform-provider-aws, internal/service/cloudwatch/metric_alarm.go."""

from typing import Any

from rollback_plugin.embedded.provider.cloud import Cloud, missing_is_fine, saying
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

_TEXT = Property("")
_METRIC = Property(
    "metric",
    Kind.OBJECT,
    fields=(
        Property("dimensions", Kind.MAP, element=_TEXT),
        Property("metricName", required=True),
        Property("namespace"),
        Property("period", Kind.INTEGER, required=True),
        Property("stat", required=True),
        Property("unit"),
    ),
)
_QUERY = Property(
    "",
    Kind.OBJECT,
    fields=(
        Property("accountId", api="AccountId"),
        Property("expression", api="Expression"),
        Property("id", api="Id", required=True),
        Property("label", api="Label"),
        _METRIC,
        Property("period", Kind.INTEGER, "Period"),
        Property("returnData", Kind.BOOLEAN, "ReturnData", default=False),
    ),
)


def _actions(name: str, api: str) -> Property:
    return Property(name, Kind.SET, api, element=_TEXT)


_QUERIES_ONLY = ("metricQueries",)
_ALARM = (
    Property("actionsEnabled", Kind.BOOLEAN, "ActionsEnabled", default=True),
    _actions("alarmActions", "AlarmActions"),
    Property("alarmDescription", api="AlarmDescription"),
    Property("comparisonOperator", api="ComparisonOperator"),
    Property("datapointsToAlarm", Kind.INTEGER, "DatapointsToAlarm"),
    Property("dimensions", Kind.MAP, element=_TEXT, conflicts_with=_QUERIES_ONLY),
    Property("evaluateLowSampleCountPercentiles", api="EvaluateLowSampleCountPercentile", computed=True),
    Property("evaluationPeriods", Kind.INTEGER, "EvaluationPeriods"),
    Property("extendedStatistic", api="ExtendedStatistic", conflicts_with=("statistic", "metricQueries")),
    _actions("insufficientDataActions", "InsufficientDataActions"),
    Property("metricName", api="MetricName"),
    Property("metricQueries", Kind.SET, element=_QUERY, conflicts_with=("metricName",)),
    Property("name", api="AlarmName", replaces=True, autoname=Autoname()),
    Property("namespace", api="Namespace", conflicts_with=_QUERIES_ONLY),
    _actions("okActions", "OKActions"),
    Property("period", Kind.INTEGER, "Period", conflicts_with=_QUERIES_ONLY),
    Property("statistic", api="Statistic", conflicts_with=_QUERIES_ONLY),
    Property("threshold", Kind.NUMBER, "Threshold"),
    Property("thresholdMetricId", api="ThresholdMetricId", conflicts_with=("threshold",)),
    Property("treatMissingData", api="TreatMissingData", default="missing"),
    Property("unit", api="Unit"),
    Property("arn", api="AlarmArn", output=True),
)


def _dimension_list(dimensions: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in sorted((dimensions or {}).items())]


def _dimensions_of(dimensions: Any) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in dimensions or ()}


def _query_members(query: Properties) -> dict[str, Any]:
    members = request_members(_QUERY.fields, query)
    metric = query.get("metric")
    if metric is not None:
        stat: dict[str, Any] = {
            "Metric": {
                "MetricName": metric["metricName"],
                "Dimensions": _dimension_list(metric.get("dimensions")),
                **({"Namespace": metric["namespace"]} if metric.get("namespace") else {}),
            },
            "Period": metric["period"],
            "Stat": metric["stat"],
        }
        members["MetricStat"] = stat | ({"Unit": metric["unit"]} if metric.get("unit") else {})
    return members


def _query_of(members: dict[str, Any]) -> Properties:
    query = properties_of(_QUERY.fields, {key: value for key, value in members.items() if value != ""})
    query.setdefault("returnData", False)
    stat = members.get("MetricStat")
    if stat:
        metric = {
            "metricName": stat["Metric"]["MetricName"],
            "namespace": stat["Metric"].get("Namespace"),
            "dimensions": _dimensions_of(stat["Metric"].get("Dimensions")),
            "period": stat["Period"],
            "stat": stat["Stat"],
            "unit": stat.get("Unit"),
        }
        query["metric"] = {name: value for name, value in metric.items() if value not in (None, {})}
    return query


def _put_alarm(cloud: Cloud, inputs: Properties) -> None:
    members = request_members(_ALARM, inputs)
    if inputs.get("dimensions"):
        members["Dimensions"] = _dimension_list(inputs["dimensions"])
    if inputs.get("metricQueries"):
        members["Metrics"] = [_query_members(each) for each in inputs["metricQueries"]]
    cloud.client("cloudwatch").put_metric_alarm(**members, Tags=tag_list(inputs.get("tagsAll")))


def _create_alarm(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating CloudWatch Metric Alarm ({name})"):
        _put_alarm(cloud, inputs)
    return name


def _read_alarm(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    client = cloud.client("cloudwatch")
    with saying(f"reading CloudWatch Metric Alarm ({name})"):
        alarms = client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        if not alarms:
            return None
        tags = tags_of(client.list_tags_for_resource(ResourceARN=alarms[0]["AlarmArn"])["Tags"])
    alarm = {key: value for key, value in alarms[0].items() if value != ""}
    state = properties_of(_ALARM, alarm)
    if alarm.get("Metrics"):
        state["metricQueries"] = [_query_of(each) for each in alarm["Metrics"]]
    if alarm.get("Dimensions"):
        state["dimensions"] = _dimensions_of(alarm["Dimensions"])
    state.setdefault("treatMissingData", "missing")
    return with_tags(state, tags, known, cloud.default_tags)


def _update_alarm(cloud: Cloud, name: str, change: Change) -> None:
    client = cloud.client("cloudwatch")
    with saying(f"updating CloudWatch Metric Alarm ({name})"):
        _put_alarm(cloud, change.new)
        changed, removed = tag_changes(change.old, change.new)
        if removed:
            client.untag_resource(ResourceARN=change.old["arn"], TagKeys=removed)
        if changed:
            client.tag_resource(ResourceARN=change.old["arn"], Tags=tag_list(changed))


def _delete_alarm(cloud: Cloud, name: str, _state: Properties) -> None:
    with saying(f"deleting CloudWatch Metric Alarm ({name})"), missing_is_fine():
        cloud.client("cloudwatch").delete_alarms(AlarmNames=[name])


RESOURCE_TYPES = (
    ResourceType(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "CloudWatch Metric Alarm",
        _ALARM,
        Operations(_create_alarm, _read_alarm, _update_alarm, _delete_alarm),
        tagged=True,
    ),
)
