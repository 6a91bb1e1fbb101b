"""Which data points of CloudWatch make the number of requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

import boto3
import pytest
from botocore.stub import ANY, Stubber

from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.versions.service import LambdaTraffic, Service

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DEPLOYED = datetime(2026, 3, 2, 12, 0, 40, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 12, 3, 10, tzinfo=UTC)
ORDERS = Service(
    name="orders",
    kind="lambda",
    traffic=LambdaTraffic(function="orders", alias="live", region="eu-central-1", version="7"),
)


def test_requests_through_the_alias_are_added_up_over_the_minutes_since() -> None:
    client = boto3.client("cloudwatch", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as cloudwatch:
        cloudwatch.add_response(
            "get_metric_data",
            {
                "MetricDataResults": [
                    {"Id": "invocations", "Timestamps": [NOON, NOON + MINUTE], "Values": [12.0, 30.0]}
                ],
                "NextToken": "more",
            },
            {
                "MetricDataQueries": [
                    {
                        "Id": "invocations",
                        "MetricStat": {
                            "Metric": {
                                "Namespace": "AWS/Lambda",
                                "MetricName": "Invocations",
                                "Dimensions": [
                                    {"Name": "FunctionName", "Value": "orders"},
                                    {"Name": "Resource", "Value": "orders:live"},
                                ],
                            },
                            "Period": 60,
                            "Stat": "Sum",
                        },
                        "ReturnData": True,
                    }
                ],
                "StartTime": datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
                "EndTime": datetime(2026, 3, 2, 12, 4, tzinfo=UTC),
                "ScanBy": "TimestampAscending",
            },
        )
        cloudwatch.add_response(
            "get_metric_data",
            {"MetricDataResults": [{"Id": "invocations", "Timestamps": [NOON + 2 * MINUTE], "Values": [1.0]}]},
            {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY, "ScanBy": ANY, "NextToken": "more"},
        )
        regions: list[str] = []

        def client_for(region: str) -> CloudWatchClient:
            regions.append(region)
            return client

        counted = RequestCounter(client_for).since(ORDERS, DEPLOYED, NOW)

        assert counted == 43
        assert regions == ["eu-central-1"]
        cloudwatch.assert_no_pending_responses()


def _never_asked(region: str) -> NoReturn:
    pytest.fail("CloudWatch was asked")


def test_a_service_without_traffic_has_no_count() -> None:
    assert RequestCounter(_never_asked).since(Service(name="job", kind="batch"), DEPLOYED, NOW) is None


def test_before_it_began_there_were_none() -> None:
    assert RequestCounter(_never_asked).since(ORDERS, NOW, NOW) == 0


def _answering(points: dict[datetime, float]) -> RequestCounter:
    client = boto3.client("cloudwatch", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
    cloudwatch = Stubber(client)
    result = {"Id": "invocations", "Timestamps": [*points], "Values": [*points.values()]}
    cloudwatch.add_response("get_metric_data", {"MetricDataResults": [result]})
    cloudwatch.activate()
    return RequestCounter(lambda region: client)


def test_the_rate_is_that_of_the_whole_minutes_since_there_are_requests() -> None:
    # Given a service that began to be called three whole minutes ago, with a pause in between
    counter = _answering({NOON: 60.0, NOON + 2 * MINUTE: 300.0})

    assert counter.per_second(ORDERS, NOW) == 2.0


def test_without_requests_the_rate_is_zero() -> None:
    assert _answering({}).per_second(ORDERS, NOW) == 0.0


def test_a_service_without_traffic_has_no_rate() -> None:
    assert RequestCounter(_never_asked).per_second(Service(name="job", kind="batch"), NOW) is None


def test_requests_are_told_apart_by_the_version_that_answered() -> None:
    assert _answering({NOON: 7.0}).by_version(ORDERS, "6", DEPLOYED, NOW) == 7
