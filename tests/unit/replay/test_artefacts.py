"""What a version refers to that has to exist already, found in its recorded inputs."""

import json
from typing import Any

import pytest

from rollback_plugin.journal.options import DataPolicy
from rollback_plugin.replay.artefacts import Artefact, ArtefactKind, Reference, references
from rollback_plugin.replay.goal import goal_of
from rollback_plugin.replay.plan import Action, Step
from rollback_plugin.replay.property_values import path_text, secret
from rollback_plugin.replay.recorded import RecordedResource
from tests.unit.replay.resources import component, resource

FUNCTION, ALIAS = "aws:lambda/function:Function", "aws:lambda/alias:Alias"
TASKS, SERVICE = "aws:ecs/taskDefinition:TaskDefinition", "aws:ecs/service:Service"
PLACE = "eu-west-1:123456789012"
ORDERS = f"arn:aws:lambda:{PLACE}:function:orders"
LAYER = f"arn:aws:lambda:{PLACE}:layer:libs"
TASK = f"arn:aws:ecs:{PLACE}:task-definition/web:7"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:db/password-AbCdEf"
SECRET_VERSION = "0d1c3f5e-6a7b-4c8d-9e0f-112233445566"
DIGEST = "sha256:" + "ab" * 32
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/web"


def found(
    made: RecordedResource,
    *others: RecordedResource,
    action: Action = Action.CREATE,
    properties: tuple[str, ...] = (),
) -> tuple[Reference, ...]:
    step = Step(made.urn, made.type, action, properties=properties)
    return references(goal_of([made, *others], [], DataPolicy.KEEP), [step])


def places(references: tuple[Reference, ...]) -> list[tuple[str, str, str, str]]:
    """Where, and what: the artefact's repr keeps its names to itself."""
    return [
        (path_text(each.path), each.artefact.kind.name, each.artefact.name, each.artefact.version)
        for each in references
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{ORDERS}:3", ("FUNCTION_VERSION", ORDERS, "3")),
        (f"{ORDERS}:live", ("FUNCTION_VERSION", ORDERS, "live")),
        (
            f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{ORDERS}:3/invocations",
            ("FUNCTION_VERSION", ORDERS, "3"),
        ),
        (f"{LAYER}:12", ("LAYER_VERSION", LAYER, "12")),
        (TASK, ("TASK_DEFINITION", TASK, "")),
        (f"{IMAGE}@{DIGEST}", ("IMAGE", "team/web", DIGEST)),
        (f"{IMAGE}:2026-03-01", ("IMAGE", "team/web", "2026-03-01")),
        (f"{SECRET}:::{SECRET_VERSION}", ("SECRET_VERSION", SECRET, SECRET_VERSION)),
        (f"{SECRET}:user:AWSCURRENT:{SECRET_VERSION}", ("SECRET_VERSION", SECRET, SECRET_VERSION)),
    ],
)
@pytest.mark.parametrize("shape", [lambda text: text, lambda text: [{"x": text}], json.dumps, secret])
def test_names_of_artefacts_are_found_wherever_they_stand(value: str, expected: tuple[str, ...], shape: Any) -> None:
    (reference,) = found(resource(TASKS, "web", inputs={"containerDefinitions": shape(value)}))

    artefact = reference.artefact
    assert (artefact.kind.name, artefact.name, artefact.version) == expected
    assert artefact.region == "eu-west-1"
    assert value not in repr(reference)


@pytest.mark.parametrize(
    "value",
    [ORDERS, f"{ORDERS}:$LATEST", f"{ORDERS}:*", f"{ORDERS}:live*", LAYER, SECRET, f"{SECRET}:user::", IMAGE, "3"],
)
def test_what_names_no_fixed_version_is_no_artefact(value: str) -> None:
    assert found(resource(TASKS, "web", inputs={"containerDefinitions": value})) == ()


def test_an_alias_names_versions_by_number() -> None:
    inputs = {
        "functionName": "orders",
        "functionVersion": "3",
        "region": "eu-west-1",
        "routingConfig": {"additionalVersionWeights": {"2": 0.1}},
    }

    assert places(found(resource(ALIAS, "live", inputs=inputs))) == [
        ("functionVersion", "FUNCTION_VERSION", "orders", "3"),
        ("routingConfig.additionalVersionWeights.2", "FUNCTION_VERSION", "orders", "2"),
    ]


def test_the_latest_version_needs_no_looking_after() -> None:
    assert found(resource(ALIAS, "live", inputs={"functionName": "orders", "functionVersion": "$LATEST"})) == ()


def test_a_service_may_name_its_task_definition_without_an_arn() -> None:
    (reference,) = found(resource(SERVICE, "web", inputs={"taskDefinition": "web:7", "region": "eu-west-1"}))

    assert reference.artefact == Artefact(ArtefactKind.TASK_DEFINITION, "web:7", "", "eu-west-1")


def test_what_the_version_makes_itself_is_made_again() -> None:
    function = resource(FUNCTION, "orders", outputs={"version": "3", "qualifiedArn": f"{ORDERS}:3"})
    alias = resource(
        ALIAS,
        "live",
        inputs={"functionName": "orders", "functionVersion": "3", "description": "x"},
        property_dependencies={"functionVersion": (function.urn,)},
    )

    assert found(alias, function) == ()


def test_what_a_component_below_it_makes_is_made_again() -> None:
    shop = component("shop")
    function = resource(FUNCTION, "orders", parent=shop.urn, outputs={"version": "3"})
    alias = resource(
        ALIAS,
        "live",
        inputs={"functionName": "orders", "functionVersion": "3"},
        property_dependencies={"functionVersion": (shop.urn,)},
    )

    assert found(alias, shop, function) == ()


def test_an_equal_value_that_came_from_nowhere_has_to_exist() -> None:
    function = resource(FUNCTION, "orders", outputs={"version": "3"})
    alias = resource(
        ALIAS,
        "live",
        inputs={"functionName": "orders", "functionVersion": "3"},
        property_dependencies={"functionName": (function.urn,)},
    )

    assert [reference.path for reference in found(alias, function)] == [("functionVersion",)]


def test_an_alias_that_the_version_has_is_not_missed() -> None:
    alias = resource(ALIAS, "live", outputs={"name": "live"})
    url = resource("aws:lambda/functionUrl:FunctionUrl", "url", inputs={"functionName": "orders", "qualifier": "live"})

    assert found(url, alias) == ()
    assert len(found(url)) == 1


@pytest.mark.parametrize("action", [Action.SAME, Action.DELETE, Action.KEEP])
def test_what_is_not_written_needs_nothing(action: Action) -> None:
    assert found(resource(TASKS, "web", inputs={"containerDefinitions": TASK}), action=action) == ()


def test_a_change_in_place_needs_only_what_differs() -> None:
    function = resource(FUNCTION, "orders", inputs={"layers": [f"{LAYER}:1"], "imageUri": f"{IMAGE}:v1"})

    assert [r.path for r in found(function, action=Action.UPDATE, properties=("layers[0]", "timeout"))] == [
        ("layers", 0)
    ]


@pytest.mark.parametrize(
    ("resource_type", "key"),
    [
        ("aws:iam/policy:Policy", "policy"),
        ("aws:iam/role:Role", "anything"),
        ("aws:sqs/queuePolicy:QueuePolicy", "policy"),
        (FUNCTION, "tags"),
    ],
)
def test_to_name_something_in_a_policy_does_not_need_it(resource_type: str, key: str) -> None:
    assert found(resource(resource_type, "x", inputs={key: f"{ORDERS}:3"})) == ()
