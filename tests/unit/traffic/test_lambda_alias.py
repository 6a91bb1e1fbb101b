"""Moving an alias: what is asked of Lambda, and what its answers mean."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import stamina
from botocore.stub import Stubber

from rollback_plugin.errors import CloudError
from rollback_plugin.traffic.interface import TrafficMove, TrafficStayed
from rollback_plugin.traffic.lambda_alias import LambdaAliasRouter
from rollback_plugin.versions.service import LambdaTraffic, Service

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

ORDERS = Service(
    name="orders",
    kind="lambda",
    traffic=LambdaTraffic(function="orders-fn", alias="live", region="eu-central-1", version="2"),
)
ALIAS = {"FunctionName": "orders-fn", "Name": "live"}


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def client() -> "LambdaClient":
    return boto3.client("lambda", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def aws_lambda(client: "LambdaClient") -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def router(client: "LambdaClient") -> LambdaAliasRouter:
    return LambdaAliasRouter(lambda region: client)


def alias_at(version: str, revision: str = "r1", weights: dict[str, float] | None = None) -> dict[str, Any]:
    routing = {"RoutingConfig": {"AdditionalVersionWeights": weights}} if weights else {}
    return {"Name": "live", "FunctionVersion": version, "RevisionId": revision, **routing}


def move_to(version: str, revision: str = "r1") -> dict[str, Any]:
    return {
        **ALIAS,
        "FunctionVersion": version,
        "RevisionId": revision,
        "RoutingConfig": {"AdditionalVersionWeights": {}},
    }


def test_every_consumer_is_moved(router: LambdaAliasRouter, aws_lambda: Stubber) -> None:
    aws_lambda.add_response("get_alias", alias_at("2"), ALIAS)
    aws_lambda.add_response("update_alias", alias_at("1"), move_to("1"))

    assert router.shift(ORDERS, "1") == TrafficMove("orders", "2", "1")


def test_who_is_there_already_is_not_moved_again(router: LambdaAliasRouter, aws_lambda: Stubber) -> None:
    aws_lambda.add_response("get_alias", alias_at("1"), ALIAS)

    move = router.shift(ORDERS, "1")

    assert move == TrafficMove("orders", "1", "1")
    assert isinstance(move, TrafficMove)
    assert not move.moved


def test_weights_of_a_canary_are_cleared(router: LambdaAliasRouter, aws_lambda: Stubber) -> None:
    aws_lambda.add_response("get_alias", alias_at("1", weights={"2": 0.1}), ALIAS)
    aws_lambda.add_response("update_alias", alias_at("1"), move_to("1"))

    router.shift(ORDERS, "1")


def test_a_function_version_that_is_gone_leaves_consumers_where_they_are(
    router: LambdaAliasRouter, aws_lambda: Stubber
) -> None:
    aws_lambda.add_response("get_alias", alias_at("2"), ALIAS)
    aws_lambda.add_client_error("update_alias", "ResourceNotFoundException", expected_params=move_to("1"))

    assert router.shift(ORDERS, "1") == TrafficStayed("orders", "Function version 1 of `orders-fn` no longer exists.")


def test_an_alias_that_is_gone_is_said_to_be(router: LambdaAliasRouter, aws_lambda: Stubber) -> None:
    aws_lambda.add_client_error("get_alias", "ResourceNotFoundException")

    assert router.shift(ORDERS, "1") == TrafficStayed("orders", "The alias `orders-fn:live` no longer exists.")


def test_an_alias_that_somebody_else_changed_is_read_again(router: LambdaAliasRouter, aws_lambda: Stubber) -> None:
    aws_lambda.add_response("get_alias", alias_at("2", "r1"), ALIAS)
    aws_lambda.add_client_error("update_alias", "PreconditionFailedException", expected_params=move_to("1", "r1"))
    aws_lambda.add_response("get_alias", alias_at("3", "r2"), ALIAS)
    aws_lambda.add_response("update_alias", alias_at("1"), move_to("1", "r2"))

    assert router.shift(ORDERS, "1") == TrafficMove("orders", "3", "1")


def test_an_alias_that_keeps_being_changed_is_an_error(router: LambdaAliasRouter, aws_lambda: Stubber) -> None:
    for _ in range(3):
        aws_lambda.add_response("get_alias", alias_at("2"), ALIAS)
        aws_lambda.add_client_error("update_alias", "PreconditionFailedException")

    with pytest.raises(CloudError, match="orders-fn:live"):
        router.shift(ORDERS, "1")


def test_a_refusal_names_the_alias_and_the_version(router: LambdaAliasRouter, aws_lambda: Stubber) -> None:
    aws_lambda.add_client_error("get_alias", "AccessDeniedException", "no lambda:GetAlias")

    with pytest.raises(CloudError, match=r"orders-fn:live.*function version 1.*no lambda:GetAlias"):
        router.shift(ORDERS, "1")


@pytest.mark.parametrize(
    ("alias", "version"), [(alias_at("2"), "2"), (alias_at("2", weights={"3": 0.5}), None)], ids=["one", "shared"]
)
def test_current_is_the_version_that_all_consumers_are_on(
    router: LambdaAliasRouter, aws_lambda: Stubber, alias: dict[str, Any], version: str | None
) -> None:
    aws_lambda.add_response("get_alias", alias, ALIAS)

    assert router.current(ORDERS) == version
