from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from botocore.exceptions import ClientError

from rollback_plugin.embedded import EmbeddedAws
from tests.embedded_aws.functions import deploy, wait_for

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module", autouse=True)
def _metrics(aws: EmbeddedAws) -> None:
    for namespace, values in (("Shop", [1, 2, 3, 4]), ("Other", [100])):
        aws.client("cloudwatch").put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": "Time",
                    "Dimensions": [{"Name": "Route", "Value": "/a"}],
                    "Timestamp": datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2),
                    "Value": value,
                }
                for value in values
            ],
        )


def stat(
    query_id: str, statistic: str, dimensions: Sequence[tuple[str, str]] = (("Route", "/a"),)
) -> "MetricDataQueryTypeDef":
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {
                "Namespace": "Shop",
                "MetricName": "Time",
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
            },
            "Period": 60,
            "Stat": statistic,
        },
    }


def values(aws: EmbeddedAws, *queries: "MetricDataQueryTypeDef") -> dict[str, list[float]]:
    now = datetime.now(UTC)
    answer = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), StartTime=now - timedelta(minutes=30), EndTime=now
    )
    return {result["Id"]: list(result["Values"]) for result in answer["MetricDataResults"]}


def test_every_statistic_of_one_metric_and_no_other(aws: EmbeddedAws) -> None:
    queries = [stat("s", "Sum"), stat("a", "Average"), stat("n", "SampleCount"), stat("p", "p50"), stat("x", "Maximum")]

    assert values(aws, *queries) == {"s": [10.0], "a": [2.5], "n": [4.0], "p": [2.5], "x": [4.0]}


def test_dimensions_are_all_or_nothing(aws: EmbeddedAws) -> None:
    assert values(aws, stat("s", "Sum", dimensions=())) == {"s": []}


def test_expressions_over_metrics_and_over_each_other(aws: EmbeddedAws) -> None:
    total = stat("total", "Sum")
    total["ReturnData"] = False
    queries: list[MetricDataQueryTypeDef] = [
        total,
        stat("count", "SampleCount"),
        {"Id": "mean", "Expression": "total / count"},
        {"Id": "percent", "Expression": "100 * mean"},
    ]

    assert values(aws, *queries) == {"count": [4.0], "mean": [2.5], "percent": [250.0]}


def test_an_expression_that_is_not_imitated_is_refused(aws: EmbeddedAws) -> None:
    with pytest.raises(ClientError, match="SEARCH"):
        values(aws, stat("s", "Sum"), {"Id": "e", "Expression": "SEARCH('x', 'Sum')"})


def test_the_duration_of_a_function_has_percentiles(aws: EmbeddedAws) -> None:
    url = deploy(aws, "timed", "import time\ndef handler(event, context): time.sleep(0.05)")
    for _ in range(3):
        httpx.get(url, trust_env=False)
    query = stat("d", "p99", dimensions=(("FunctionName", "timed"),))
    query["MetricStat"]["Metric"].update({"Namespace": "AWS/Lambda", "MetricName": "Duration"})

    durations = wait_for(lambda: values(aws, query)["d"], "the metric")

    assert all(50 <= duration < 3000 for duration in durations)
