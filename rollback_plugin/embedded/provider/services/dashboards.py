"""CloudWatch dashboards. Schema: terraform-provider-aws, internal/service/cloudwatch/dashboard.go."""

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import request_members
from rollback_plugin.embedded.provider.values import Properties

_DASHBOARD = (
    Property("dashboardBody", Kind.JSON, "DashboardBody", required=True),
    Property("dashboardName", api="DashboardName", required=True, replaces=True),
    Property("dashboardArn", output=True),
)


def _put(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["dashboardName"]
    with saying(f"putting CloudWatch Dashboard ({name})"):
        cloud.client("cloudwatch").put_dashboard(**request_members(_DASHBOARD, inputs))
    return name


def _read(cloud: Cloud, name: str, _known: Properties) -> Properties | None:
    with saying(f"reading CloudWatch Dashboard ({name})"):
        answer = found(cloud.client("cloudwatch").get_dashboard, DashboardName=name)
    if answer is None:
        return None
    return {
        "dashboardName": name,
        "dashboardBody": answer["DashboardBody"],
        "dashboardArn": answer["DashboardArn"],
    }


def _update(cloud: Cloud, _name: str, change: Change) -> None:
    _put(cloud, change.new)


def _delete(cloud: Cloud, name: str, _state: Properties) -> None:
    with saying(f"deleting CloudWatch Dashboard ({name})"), missing_is_fine():
        cloud.client("cloudwatch").delete_dashboards(DashboardNames=[name])


RESOURCE_TYPES = (
    ResourceType(
        "aws:cloudwatch/dashboard:Dashboard",
        "CloudWatch Dashboard",
        _DASHBOARD,
        Operations(_put, _read, _update, _delete),
    ),
)
