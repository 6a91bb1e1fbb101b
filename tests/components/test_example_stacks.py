"""The example stacks, deployed with the real engine into the embedded AWS."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina

from rollback_plugin.versions.service import LambdaTraffic, Policy, Service
from tests.components.conftest import STACKS, Cloud
from tests.components.inventory import Inventory
from tests.components.project import Deployed

pytestmark = pytest.mark.engine

ORDER = {"sku": "lamp", "quantity": "2", "currency": "EUR"}
ORDER_IN_POUNDS = {**ORDER, "currency": "GBP"}
DEADLINE_SECONDS = 90

Deploy = Callable[..., Deployed]


def order(url: str, **query: str) -> httpx.Response:
    return httpx.get(url, params={**ORDER, **query}, timeout=10)


def types_deployed(project: Deployed) -> set[str]:
    return {resource.type for resource in project.checkpoint().resources}


def service_of(project: Deployed) -> Service:
    (service,) = project.checkpoint().services()
    return service


def test_orders_answers_at_the_url_it_promises(orders: Deployed) -> None:
    answer = order(orders.outputs()["url"])

    assert (answer.status_code, answer.json()["release"]) == (200, "1")


def test_the_checkpoint_says_how_orders_is_judged_and_reached(orders: Deployed, cloud: Cloud) -> None:
    outputs, service = orders.outputs(), service_of(orders)

    assert (service.name, service.kind) == ("orders", "LambdaService")
    assert service.policy == Policy(bake_seconds=30, verify_seconds=20, minimum_requests=5)
    assert service.interface == {
        "url": outputs["url"],
        "alias_arn": outputs["aliasArn"],
        "function_name": outputs["functionName"],
    }
    assert service.traffic == LambdaTraffic(
        function=outputs["functionName"], alias="live", region=cloud.aws.region, version="1"
    )
    assert list(service.alarms) == outputs["alarmNames"]


def test_the_alarms_that_judge_orders_exist(orders: Deployed, cloud: Cloud) -> None:
    names = service_of(orders).alarms

    existing = cloud.aws.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    assert len(names) == 2
    assert {alarm["AlarmName"] for alarm in existing} == set(names)


def test_the_storefront_reads_where_to_order_from_the_stack_of_orders(
    orders: Deployed, deploy: Deploy, cloud: Cloud
) -> None:
    outputs = deploy("storefront", ordersStack=f"organization/orders/{orders.stack}").outputs()

    assert outputs["ordersUrl"] == orders.outputs()["url"]
    parameter = cloud.aws.client("ssm").get_parameter(Name=outputs["ordersUrlParameter"])["Parameter"]
    assert order(parameter["Value"]).status_code == 200


def test_each_release_deploys_over_the_one_before_and_answers(
    deploy: Deploy, inventory: Inventory, cloud: Cloud
) -> None:
    project = deploy("orders", inventoryUrl=inventory.url)
    url = project.outputs()["url"]
    pounds, published, deployed = [], [], []

    for release in ("1", "2", "3", "4"):
        if release != "1":
            project.lay_over(STACKS / f"releases/release_{release}")
            project.up()
        assert project.outputs()["url"] == url
        assert order(url).json()["release"] == release
        pounds.append(order(url, currency="GBP").status_code)
        published.append(service_of(project).traffic.version)  # type: ignore[union-attr]
        deployed.append({"aws:sns/topic:Topic", "aws:ssm/parameter:Parameter"} & types_deployed(project))
        project.preview_shows_no_change()

    assert pounds == [200, 502, 200, 200]
    assert published == ["1", "2", "3", "4"]
    # Consumers can be moved back to any of them: no deploy takes a published version away.
    function = service_of(project).traffic.function  # type: ignore[union-attr]
    kept = cloud.aws.client("lambda").list_versions_by_function(FunctionName=function)["Versions"]
    assert [version["Version"] for version in kept] == ["$LATEST", *published]
    assert deployed == [{"aws:ssm/parameter:Parameter"}, *[{"aws:sns/topic:Topic"}] * 3]


def test_the_alarms_ring_for_a_bad_release_and_clear_when_the_alias_moves_back(
    deploy: Deploy, inventory: Inventory, cloud: Cloud
) -> None:
    project = deploy("orders", inventoryUrl=inventory.url, alarmPeriodSeconds=10)
    project.lay_over(STACKS / "releases/release_2")
    project.up()
    service, url = service_of(project), project.outputs()["url"]
    cloudwatch, functions = cloud.aws.client("cloudwatch"), cloud.aws.client("lambda")

    @stamina.retry(on=AssertionError, attempts=None, timeout=DEADLINE_SECONDS, wait_initial=0.2, wait_max=0.2)
    def under_traffic_every_alarm_is(state: str) -> None:
        order(url, **ORDER_IN_POUNDS)
        alarms = cloudwatch.describe_alarms(AlarmNames=list(service.alarms))["MetricAlarms"]
        assert {alarm["StateValue"] for alarm in alarms} == {state}

    under_traffic_every_alarm_is("ALARM")
    functions.update_alias(FunctionName=service.traffic.function, Name="live", FunctionVersion="1")  # type: ignore[union-attr]
    under_traffic_every_alarm_is("OK")


def test_the_root_of_the_repository_runs_orders(orders: Deployed, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    shutil.copytree(STACKS / "orders", root / "stacks/orders", ignore=shutil.ignore_patterns("__pycache__"))
    for settings in (STACKS.parent / "Pulumi.yaml", orders.folder / f"Pulumi.{orders.stack}.yaml"):
        shutil.copy(settings, root)
    repository = replace(orders, folder=root)
    repository.use_this_python()

    repository.preview_shows_no_change()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "orders:inventoryUrl"),
        ({"inventoryUrl": "http://127.0.0.1:1", "bakeSeconds": -1}, "policy.bake_seconds is -1"),
    ],
)
def test_config_that_can_not_be_used_is_named_and_nothing_is_deployed(
    create: Deploy, config: dict[str, Any], message: str
) -> None:
    project = create("orders", **config)

    said = project.pulumi("up", "--yes", "--skip-preview", expect_failure=True)

    assert message in said
    assert "Traceback" not in said
    assert not any(resource.custom and resource.type.startswith("aws:") for resource in project.checkpoint().resources)
    assert json.loads(project.pulumi("stack", "output", "--json")) == {}
