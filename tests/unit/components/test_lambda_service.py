"""What a LambdaService registers, seen by a stand-in for the engine's resource monitor."""

from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer

from rollback_plugin.components.lambda_service import LambdaService, LambdaServiceArgs
from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.stored import fitted
from rollback_plugin.versions.service import LambdaTraffic, Policy, Service
from tests.unit.components.composed import Composed
from tests.unit.components.composed import compose as composed_by

SMALLEST: LambdaServiceArgs = {"code": pulumi.AssetArchive({}), "handler": "handler.handle"}


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> Composed:
    """The record of one program, in which `track()` only notes that it was called."""
    record = Composed()
    monkeypatch.setattr("rollback_plugin.recording.track.track", lambda: record.order.append("track()"))
    return record


def compose(record: Composed, args: LambdaServiceArgs, name: str = "orders") -> None:
    """Run a program that composes one service."""
    composed_by(record, lambda: LambdaService(name, args))


def test_tracking_starts_before_anything_is_registered(composed: Composed) -> None:
    compose(composed, SMALLEST)

    assert composed.order[:2] == ["track()", "rollback-plugin:index:LambdaService"]
    assert composed.order.count("track()") == 1


def test_a_service_consists_of_these_resources(composed: Composed) -> None:
    compose(composed, SMALLEST)

    assert sorted(composed.inputs) == [
        "Alias::orders-live",
        "Function::orders-function",
        "LambdaService::orders",
        "LogGroup::orders-log",
        "MetricAlarm::orders-error-rate",
        "Role::orders-role",
        "RolePolicyAttachment::orders-basic-execution",
    ]


def test_every_deploy_publishes_a_version_and_moves_the_alias_to_it(composed: Composed) -> None:
    compose(composed, SMALLEST)

    assert composed.inputs["Function::orders-function"]["publish"] is True
    assert composed.inputs["Alias::orders-live"] == {
        "name": "live",
        "functionName": "shop-prod-orders",
        "functionVersion": "7",
    }


def test_the_log_group_is_there_before_the_function_and_forgets(composed: Composed) -> None:
    compose(composed, {**SMALLEST, "log_retention_days": 14})

    assert composed.inputs["LogGroup::orders-log"] == {
        "name": "/aws/lambda/shop-prod-orders",
        "retentionInDays": 14,
    }
    assert {"orders-log", "orders-basic-execution"} <= composed.depends_on["Function::orders-function"]


def test_the_alarm_watches_the_alias_that_consumers_call(composed: Composed) -> None:
    compose(composed, {**SMALLEST, "function_name": "shop"})

    queries = composed.inputs["MetricAlarm::orders-error-rate"]["metricQueries"]
    watched = [query["metric"]["dimensions"] for query in queries if "metric" in query]
    assert watched == [{"FunctionName": "shop", "Resource": "shop:live"}] * 2


def test_a_log_pattern_gets_a_filter_and_an_alarm(composed: Composed) -> None:
    compose(composed, {**SMALLEST, "log_pattern_alarms": [{"name": "errors", "pattern": "ERROR"}]})

    assert composed.names("LogMetricFilter") == ["orders-log-errors"]
    assert composed.names("MetricAlarm") == ["orders-error-rate", "orders-log-errors"]
    assert "orders-log" in composed.depends_on["LogMetricFilter::orders-log-errors"]


@pytest.mark.parametrize("authorization", ["NONE", "AWS_IAM"])
def test_a_url_belongs_to_the_alias(composed: Composed, authorization: str) -> None:
    compose(composed, {**SMALLEST, "url_authorization": authorization})

    assert composed.inputs["FunctionUrl::orders-url"] == {
        "functionName": "shop-prod-orders",
        "qualifier": "live",
        "authorizationType": authorization,
    }
    assert composed.component_outputs["url"] == "https://abc.example/"


def test_role_statements_become_a_policy_of_the_role(composed: Composed) -> None:
    statement: Any = {"actions": ["sqs:SendMessage"], "resources": [pulumi.Output.from_input("arn:aws:sqs:::audit")]}
    compose(composed, {**SMALLEST, "role_statements": [statement]})

    assert composed.inputs["RolePolicy::orders-role-policy"]["policy"] == (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"],'
        ' "Resource": ["arn:aws:sqs:::audit"]}]}'
    )
    assert "orders-role-policy" in composed.depends_on["Function::orders-function"]


def test_the_checkpoint_is_left_a_service_record(composed: Composed) -> None:
    compose(
        composed,
        {
            **SMALLEST,
            "url_authorization": "NONE",
            "log_pattern_alarms": [{"name": "errors", "pattern": "ERROR"}],
            "policy": {"bake_seconds": 30, "automatic_recovery": False},
        },
    )

    left = composed.component_outputs["service"]
    assert set(left) == set(Service.__struct_fields__)
    assert set(left["traffic"]) == set(LambdaTraffic.__struct_fields__)
    assert fitted(as_the_engine_writes(left), Service) == Service(
        name="orders",
        kind="LambdaService",
        alarms=("orders-error-rate-1a2b3c4", "orders-log-errors-1a2b3c4"),
        interface={
            "alias_arn": "arn:of:live",
            "function_name": "shop-prod-orders",
            "url": "https://abc.example/",
        },
        policy=Policy(bake_seconds=30, automatic_recovery=False),
        traffic=LambdaTraffic(function="shop-prod-orders", alias="live", region="eu-central-1", version="7"),
    )


def as_the_engine_writes(value: Any) -> Any:
    """A number that is whole has no point in a checkpoint; on the way to the engine each is a float."""
    if isinstance(value, dict):
        return {key: as_the_engine_writes(each) for key, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def test_consumers_get_these_outputs_and_a_url_only_where_there_is_one(composed: Composed) -> None:
    compose(composed, SMALLEST)

    outputs = {name: value for name, value in composed.component_outputs.items() if name != "service"}
    assert outputs == {
        "aliasArn": "arn:of:live",
        "functionName": "shop-prod-orders",
        "functionVersion": "7",
        "alarmNames": ["orders-error-rate-1a2b3c4"],
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url_authorization": "PUBLIC"}, "url_authorization is 'PUBLIC'. It must be one of NONE, AWS_IAM"),
        ({"function_name": "my.shop"}, "the function's name would be 'my.shop'"),
        ({"function_name": "x" * 65}, r"\(65 characters\)"),
        ({"policy": {"bake_seconds": -1}}, "policy.bake_seconds is -1"),
        ({"error_rate_alarm": {"period_seconds": 7}}, "error_rate_alarm: period_seconds is 7"),
        (
            {"log_pattern_alarms": [{"name": "errors", "pattern": "A"}, {"name": "errors", "pattern": "B"}]},
            "two log pattern alarms have the same name",
        ),
    ],
)
def test_arguments_that_can_not_be_used_are_refused_before_anything_is_registered(
    composed: Composed, change: Any, message: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=f'LambdaService "orders": .*{message}'):
        compose(composed, {**SMALLEST, **change})
    assert composed.order == []


def test_the_component_can_be_described_as_a_package_for_other_languages() -> None:
    described = Analyzer("rollback-plugin").analyze([LambdaService])

    component = described["component_definitions"]["LambdaService"]
    assert set(component.inputs_mapping.values()) == set(LambdaServiceArgs.__annotations__)
    assert set(component.outputs) == {"url", "aliasArn", "functionName", "functionVersion", "alarmNames"}
    properties = [
        *component.inputs.values(),
        *component.outputs.values(),
        *(each for kind in described["type_definitions"].values() for each in kind.properties.values()),
    ]
    assert all(described_property.description for described_property in properties)
