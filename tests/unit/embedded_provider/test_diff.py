"""Diff: what counts as a change, and how it is carried out."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from rollback_plugin.embedded.provider.check import Naming, check
from rollback_plugin.embedded.provider.configuration import Configuration
from rollback_plugin.embedded.provider.diff import Comparison, DifferenceKind, compare
from rollback_plugin.embedded.provider.servicer import diff_response
from rollback_plugin.embedded.provider.services import find_resource_type
from rollback_plugin.embedded.provider.values import UNKNOWN, Archive, Asset, Properties, without_internal_keys

FUNCTION = "aws:lambda/function:Function"
QUEUE = "aws:sqs/queue:Queue"
ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
A_FUNCTION: Properties = {
    "role": "arn:aws:iam::1:role/r",
    "handler": "a.b",
    "runtime": "python3.11",
    "code": Archive(hash="c0de", path="app"),
}


def inputs_of(token: str, given: Properties, olds: Properties | None = None) -> Properties:
    inputs, failures = check(
        find_resource_type(token), olds or {}, given, Naming("orders", b"seed"), Configuration(region="eu-west-1")
    )
    assert failures == ()
    return inputs


def state_of(inputs: Properties, **outputs: Any) -> Properties:
    state: Properties = without_internal_keys(inputs) | outputs
    return state


def compared(token: str, before: Properties, after: Properties, *ignored: str, **outputs: Any) -> Comparison:
    olds = inputs_of(token, before)
    return compare(find_resource_type(token), state_of(olds, **outputs), inputs_of(token, after, olds), ignored)


def paths(comparison: Comparison) -> dict[str, DifferenceKind]:
    return {each.path: each.kind for each in comparison.differences}


ADD, UPDATE, DELETE = DifferenceKind.ADD, DifferenceKind.UPDATE, DifferenceKind.DELETE


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, {}),
        ({}, {"timeout": 3}, {}),
        ({}, {"timeout": 4}, {"timeout": UPDATE}),
        ({"description": "a"}, {}, {"description": DELETE}),
        ({}, {"description": "a"}, {"description": ADD}),
        ({"description": ""}, {}, {}),
        ({"layers": ["a", "b"]}, {"layers": ["a", "c"]}, {"layers[1]": UPDATE}),
        ({"layers": ["a"]}, {"layers": ["a", "b"]}, {"layers[1]": ADD}),
        ({"layers": ["a", "b"]}, {"layers": ["a"]}, {"layers[1]": DELETE}),
        ({}, {"environment": {"variables": {}}}, {}),
        (
            {"environment": {"variables": {"A": "1", "B": "2"}}},
            {"environment": {"variables": {"A": "3", "C": "4"}}},
            {
                "environment.variables.A": UPDATE,
                "environment.variables.B": DELETE,
                "environment.variables.C": ADD,
            },
        ),
        ({"environment": {"variables": {"A": "1"}}}, {}, {"environment": DELETE}),
        ({"tags": {"a": "1"}}, {"tags": {"a": "2"}}, {"tags.a": UPDATE, "tagsAll.a": UPDATE}),
        ({}, {"code": Archive(hash="c0de", path="elsewhere")}, {}),
        ({}, {"code": Archive(hash="other", path="app")}, {"code": UPDATE}),
        ({}, {"role": UNKNOWN}, {"role": UPDATE}),
        ({}, {"description": UNKNOWN}, {"description": ADD}),
        ({}, {"environment": {"variables": {"A": UNKNOWN}}}, {"environment": ADD}),
    ],
)
def test_what_differs_between_two_sets_of_inputs(
    before: Properties, after: Properties, expected: dict[str, DifferenceKind]
) -> None:
    assert paths(compared(FUNCTION, A_FUNCTION | before, A_FUNCTION | after)) == expected


class TestAgainstTheState:
    def test_what_aws_computed_and_nobody_asked_for_is_no_change(self) -> None:
        comparison = compared(
            FUNCTION, A_FUNCTION, A_FUNCTION, architectures=["x86_64"], tracingConfig={"mode": "PassThrough"}
        )

        assert comparison.differences == ()

    def test_drift_found_by_a_refresh_is_a_change(self) -> None:
        olds = inputs_of(FUNCTION, A_FUNCTION)
        drifted = state_of(olds) | {"timeout": 60, "description": "changed by hand"}

        comparison = compare(find_resource_type(FUNCTION), drifted, olds)

        assert paths(comparison) == {"timeout": UPDATE, "description": DELETE}

    def test_sets_have_no_order(self) -> None:
        alarm = "aws:cloudwatch/metricAlarm:MetricAlarm"
        before = {"alarmActions": ["a", "b"]}

        assert compared(alarm, before, {"alarmActions": ["b", "a"]}).differences == ()
        assert paths(compared(alarm, before, {"alarmActions": ["b", "c"]})) == {
            "alarmActions[1]": ADD,
            "alarmActions[0]": DELETE,
        }

    def test_documents_are_compared_by_meaning(self) -> None:
        first, second = '{"a":1,"b":[2]}', '{ "b": [2], "a": 1 }'

        assert compared(QUEUE, {"redrivePolicy": first}, {"redrivePolicy": second}).differences == ()

    def test_a_key_may_be_named_by_id_or_by_arn(self) -> None:
        alias, arn = "aws:kms/alias:Alias", "arn:aws:kms:eu-west-1:1:key/1234"
        before = {"name": "alias/orders", "targetKeyId": "1234"}

        assert compared(alias, before, before | {"targetKeyId": arn}).differences == ()

    @pytest.mark.parametrize(
        ("token", "given", "computed"),
        [
            ("aws:apigatewayv2/stage:Stage", {"apiId": "a"}, {"defaultRouteSettings": {"throttlingBurstLimit": 5}}),
            (
                "aws:apigatewayv2/integration:Integration",
                {"apiId": "a", "integrationType": "AWS_PROXY"},
                {"integrationMethod": "POST", "timeoutMilliseconds": 30000},
            ),
        ],
    )
    def test_what_aws_adds_where_nothing_was_said_is_no_change(
        self, token: str, given: Properties, computed: Properties
    ) -> None:
        assert compared(token, given, given, **computed).differences == ()

    def test_a_function_may_be_named_by_name_or_by_arn(self) -> None:
        alias = "aws:lambda/alias:Alias"
        arn = "arn:aws:lambda:eu-west-1:1:function:orders"

        comparison = compared(
            alias,
            {"functionName": "orders", "functionVersion": "1"},
            {"functionName": arn, "functionVersion": "1"},
        )

        assert comparison.differences == ()

    def test_what_is_ignored_is_no_change(self) -> None:
        changed = A_FUNCTION | {"timeout": 4, "environment": {"variables": {"A": "1", "B": "2"}}}
        before = A_FUNCTION | {"environment": {"variables": {"A": "0", "B": "0"}}}

        comparison = compared(FUNCTION, before, changed, "timeout", "environment.variables.A")

        assert paths(comparison) == {"environment.variables.B": UPDATE}


class TestReplacement:
    def test_a_made_up_name_lets_the_new_one_stand_beside_the_old(self) -> None:
        comparison = compared(QUEUE, {}, {"fifoQueue": True})

        assert comparison.replaces == ("fifoQueue",)
        assert not comparison.delete_before_replace

    def test_a_chosen_name_does_not(self) -> None:
        comparison = compared(QUEUE, {"name": "orders"}, {"name": "orders", "fifoQueue": True})

        assert comparison.delete_before_replace

    def test_even_when_the_chosen_name_is_what_changes(self) -> None:
        comparison = compared(QUEUE, {"name": "orders"}, {"name": "orders-2"})

        assert comparison.replaces == ("name",)
        assert comparison.delete_before_replace

    def test_some_types_never_stand_beside_each_other(self) -> None:
        comparison = compared(ATTACHMENT, {"role": "a", "policyArn": "p"}, {"role": "b", "policyArn": "p"})

        assert comparison.delete_before_replace

    def test_an_unknown_that_might_be_another_replaces(self) -> None:
        comparison = compared(ATTACHMENT, {"role": "a", "policyArn": "p"}, {"role": UNKNOWN, "policyArn": "p"})

        assert comparison.replaces == ("role",)

    def test_another_region_replaces(self) -> None:
        assert compared(QUEUE, {}, {"region": "us-east-1"}).replaces == ("region",)

    def test_names_what_would_replace_and_did_not_change(self) -> None:
        comparison = compared(QUEUE, {}, {"fifoQueue": True})

        assert comparison.stables == ("name", "namePrefix", "region")

    def test_an_update_in_place_deletes_nothing_first(self) -> None:
        comparison = compared(QUEUE, {"name": "orders"}, {"name": "orders", "delaySeconds": 1})

        assert comparison.replaces == ()
        assert not comparison.delete_before_replace


class TestAsTheEngineReadsIt:
    def test_nothing_changed(self) -> None:
        response = diff_response(compared(QUEUE, {}, {}))

        assert response.changes == provider_pb2.DiffResponse.DIFF_NONE
        assert response.hasDetailedDiff

    def test_kinds_say_whether_they_replace(self) -> None:
        changed = {"fifoQueue": True, "delaySeconds": 1, "kmsMasterKeyId": "k"}

        response = diff_response(compared(QUEUE, {}, changed))

        assert response.changes == provider_pb2.DiffResponse.DIFF_SOME
        assert {path: each.kind for path, each in response.detailedDiff.items()} == {
            "fifoQueue": provider_pb2.PropertyDiff.UPDATE_REPLACE,
            "delaySeconds": provider_pb2.PropertyDiff.UPDATE,
            "kmsMasterKeyId": provider_pb2.PropertyDiff.ADD,
        }
        assert list(response.diffs) == ["delaySeconds", "fifoQueue", "kmsMasterKeyId"]
        assert list(response.replaces) == ["fifoQueue"]


def test_assets_without_a_hash_are_never_taken_for_the_same() -> None:
    token = "aws:s3/bucketObjectv2:BucketObjectv2"
    given: Properties = {"bucket": "b", "source": Asset(path="index.html")}

    assert paths(compared(token, given, given)) == {"source": UPDATE}


def test_another_text_is_another_secret_version() -> None:
    comparison = compared(
        "aws:secretsmanager/secretVersion:SecretVersion",
        {"secretId": "arn", "secretString": "before"},
        {"secretId": "arn", "secretString": "after"},
    )

    assert comparison.replaces == ("secretString",)
    assert not comparison.delete_before_replace
