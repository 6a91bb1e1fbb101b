"""Check: what the engine records for what a program says."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from rollback_plugin.embedded.provider.check import Naming, check
from rollback_plugin.embedded.provider.configuration import Configuration
from rollback_plugin.embedded.provider.services import find_resource_type
from rollback_plugin.embedded.provider.values import UNKNOWN, Archive, Asset, Properties
from rollback_plugin.errors import EmbeddedError

ROLE = "aws:iam/role:Role"
FUNCTION = "aws:lambda/function:Function"
QUEUE = "aws:sqs/queue:Queue"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
CONFIGURATION = Configuration(region="eu-west-1")
CODE = Archive(hash="c0de", path="app")
A_FUNCTION = {"role": "arn:aws:iam::1:role/r", "handler": "a.b", "runtime": "python3.11", "code": CODE}


def checked(
    token: str,
    news: Mapping[str, Any],
    olds: Properties | None = None,
    name: str = "orders",
    seed: bytes = b"seed",
    configuration: Configuration = CONFIGURATION,
) -> Properties:
    inputs, failures = check(find_resource_type(token), olds or {}, dict(news), Naming(name, seed), configuration)
    assert failures == ()
    return inputs


def failures_of(token: str, news: Mapping[str, Any], name: str = "orders") -> dict[str, str]:
    _, failures = check(find_resource_type(token), {}, dict(news), Naming(name, b"seed"), CONFIGURATION)
    return {each.property: each.reason for each in failures}


class TestDefaults:
    def test_are_filled_in_and_listed(self) -> None:
        inputs = checked(FUNCTION, A_FUNCTION)

        assert inputs["timeout"] == 3
        assert inputs["memorySize"] == 128
        assert inputs["__defaults"] == [
            "memorySize",
            "name",
            "packageType",
            "publish",
            "reservedConcurrentExecutions",
            "skipDestroy",
            "timeout",
        ]

    def test_a_given_value_is_no_default_even_when_equal(self) -> None:
        inputs = checked(FUNCTION, A_FUNCTION | {"timeout": 3})

        assert "timeout" not in inputs["__defaults"]

    def test_nested_objects_have_a_list_of_their_own(self) -> None:
        inputs = checked(FUNCTION, A_FUNCTION | {"loggingConfig": {"logFormat": "JSON"}, "environment": {}})

        assert inputs["loggingConfig"]["__defaults"] == ["applicationLogLevel", "systemLogLevel"]
        assert inputs["environment"] == {"__defaults": []}

    def test_objects_in_lists_have_them_too(self) -> None:
        query = {"id": "errors", "expression": "m1", "metric": {"metricName": "Errors", "period": 60, "stat": "Sum"}}

        inputs = checked(ALARM, {"metricQueries": [query]})

        assert inputs["metricQueries"][0]["__defaults"] == ["returnData"]
        assert inputs["metricQueries"][0]["metric"]["__defaults"] == []

    def test_maps_have_none(self) -> None:
        inputs = checked(FUNCTION, A_FUNCTION | {"environment": {"variables": {"A": "1"}}, "tags": {"team": "shop"}})

        assert inputs["environment"]["variables"] == {"A": "1"}
        assert inputs["tags"] == {"team": "shop"}

    def test_a_default_stays_what_it_was_before(self) -> None:
        olds = checked(FUNCTION, A_FUNCTION) | {"timeout": 99}

        assert checked(FUNCTION, A_FUNCTION, olds)["timeout"] == 99

    def test_a_value_once_given_and_now_left_out_goes_back_to_the_default(self) -> None:
        olds = checked(FUNCTION, A_FUNCTION | {"timeout": 99})

        assert checked(FUNCTION, A_FUNCTION, olds)["timeout"] == 3

    def test_are_left_out_for_what_a_given_property_excludes(self) -> None:
        inputs = checked(QUEUE, {"namePrefix": "orders-"})

        assert "name" not in inputs
        assert "name" not in inputs["__defaults"]


class TestProviderSettings:
    def test_the_region_is_an_input_and_no_default(self) -> None:
        inputs = checked(QUEUE, {})

        assert inputs["region"] == "eu-west-1"
        assert "region" not in inputs["__defaults"]

    def test_a_given_region_wins(self) -> None:
        assert checked(QUEUE, {"region": "us-east-1"})["region"] == "us-east-1"

    def test_a_global_type_has_no_region(self) -> None:
        assert "region" not in checked(ROLE, {"assumeRolePolicy": "{}"})

    def test_tags_all_are_the_tags_over_the_default_tags(self) -> None:
        configuration = Configuration(region="eu-west-1", default_tags={"team": "shop", "stage": "dev"})

        inputs = checked(QUEUE, {"tags": {"stage": "test"}}, configuration=configuration)

        assert inputs["tags"] == {"stage": "test"}
        assert inputs["tagsAll"] == {"team": "shop", "stage": "test"}
        assert "tagsAll" not in inputs["__defaults"]

    def test_tags_all_are_empty_when_there_are_none(self) -> None:
        assert checked(QUEUE, {})["tagsAll"] == {}

    def test_tags_all_are_unknown_when_a_tag_is(self) -> None:
        assert checked(QUEUE, {"tags": {"function": UNKNOWN}})["tagsAll"] is UNKNOWN


class TestAutonaming:
    def test_appends_seven_hex_digits(self) -> None:
        name = checked(QUEUE, {})["name"]

        assert name.startswith("orders-")
        assert len(name) == len("orders-") + 7
        assert set(name.removeprefix("orders-")) <= set("0123456789abcdef")

    def test_is_decided_by_the_engines_seed(self) -> None:
        assert checked(QUEUE, {}, seed=b"1")["name"] == checked(QUEUE, {}, seed=b"1")["name"]
        assert checked(QUEUE, {}, seed=b"1")["name"] != checked(QUEUE, {}, seed=b"2")["name"]

    def test_a_name_once_made_up_is_kept(self) -> None:
        olds = checked(QUEUE, {}, seed=b"1")

        assert checked(QUEUE, {}, olds, seed=b"2")["name"] == olds["name"]

    def test_a_name_once_chosen_is_not_kept(self) -> None:
        olds = checked(QUEUE, {"name": "chosen"})

        assert checked(QUEUE, {}, olds)["name"] != "chosen"

    def test_a_chosen_name_is_taken_as_it_is(self) -> None:
        inputs = checked(QUEUE, {"name": "chosen"})

        assert inputs["name"] == "chosen"
        assert "name" not in inputs["__defaults"]

    @pytest.mark.parametrize(
        ("token", "given", "property_name", "expected"),
        [
            ("aws:s3/bucket:Bucket", {}, "bucket", "orders-"),
            (
                "aws:lambda/permission:Permission",
                {"action": "a", "function": "f", "principal": "p"},
                "statementId",
                None,
            ),
            ("aws:cloudwatch/eventTarget:EventTarget", {"arn": "a", "rule": "r"}, "targetId", None),
        ],
    )
    def test_names_the_property_that_is_the_types_name(
        self, token: str, given: Properties, property_name: str, expected: str | None
    ) -> None:
        assert checked(token, given, name="Orders")[property_name].startswith(expected or "Orders-")

    def test_an_object_key_is_the_resource_name_itself(self) -> None:
        inputs = checked("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b", "content": "c"}, name="index.html")

        assert inputs["key"] == "index.html"

    @pytest.mark.parametrize(("token", "fifo"), [(QUEUE, "fifoQueue"), ("aws:sns/topic:Topic", "fifoTopic")])
    def test_fifo_names_end_in_fifo(self, token: str, fifo: str) -> None:
        assert checked(token, {fifo: True})["name"].endswith(".fifo")

    @pytest.mark.parametrize("name", ["orders", "alias/orders"])
    def test_key_aliases_begin_with_alias_once(self, name: str) -> None:
        assert re.fullmatch(
            "alias/orders-[0-9a-f]{7}", checked("aws:kms/alias:Alias", {"targetKeyId": "k"}, name=name)["name"]
        )

    def test_a_name_that_gets_too_long_is_a_failure(self) -> None:
        reasons = failures_of(ROLE, {"assumeRolePolicy": "{}"}, name="r" * 60)

        assert "is longer than maximum length 64" in reasons["name"]


class TestValues:
    def test_unknown_stays_unknown(self) -> None:
        assert checked(FUNCTION, A_FUNCTION | {"role": UNKNOWN})["role"] is UNKNOWN

    def test_numbers_and_strings_are_converted_to_what_the_property_holds(self) -> None:
        inputs = checked(FUNCTION, A_FUNCTION | {"timeout": "30", "publish": "true", "description": 7})

        assert (inputs["timeout"], inputs["publish"], inputs["description"]) == (30, True, "7")

    def test_iam_documents_are_normalized(self) -> None:
        inputs = checked(ROLE, {"assumeRolePolicy": '{ "b": "x<y&z",  "a": 1 }'})

        assert inputs["assumeRolePolicy"] == '{"a":1,"b":"x\\u003cy\\u0026z"}'

    def test_iam_documents_may_be_given_as_objects(self) -> None:
        inputs = checked(ROLE, {"assumeRolePolicy": {"Version": "2012-10-17"}})

        assert json.loads(inputs["assumeRolePolicy"]) == {"Version": "2012-10-17"}

    def test_a_document_with_an_unknown_inside_is_unknown(self) -> None:
        assert checked(ROLE, {"assumeRolePolicy": {"Resource": UNKNOWN}})["assumeRolePolicy"] is UNKNOWN


class TestFailures:
    @pytest.mark.parametrize(
        ("token", "given", "property_name", "reason"),
        [
            (ROLE, {}, "assumeRolePolicy", 'The argument "assumeRolePolicy" is required'),
            (FUNCTION, A_FUNCTION | {"timeout": "soon"}, "timeout", "expected type 'integer'"),
            (FUNCTION, A_FUNCTION | {"tags": "shop"}, "tags", "expected type 'map'"),
            (FUNCTION, A_FUNCTION | {"sise": 1}, "sise", "does not know the property 'sise'"),
            (FUNCTION, A_FUNCTION | {"version": "1"}, "version", "is an output"),
            (FUNCTION, A_FUNCTION | {"code": Asset(text="x")}, "code", "expected an archive"),
            (FUNCTION, {"role": "r", "handler": "h", "runtime": "r"}, "code", "must be specified"),
            (FUNCTION, {"role": "r", "code": CODE}, "handler", "handler and runtime must be set"),
            (FUNCTION, A_FUNCTION | {"loggingConfig": {}}, "loggingConfig.logFormat", "is required"),
            (ROLE, {"assumeRolePolicy": "{"}, "assumeRolePolicy", "contains an invalid JSON"),
            (QUEUE, {"name": "a", "namePrefix": "b"}, "name", "conflicts with namePrefix"),
        ],
    )
    def test_name_the_property_and_the_reason(
        self, token: str, given: Properties, property_name: str, reason: str
    ) -> None:
        assert reason in failures_of(token, given)[property_name]
        assert f"'orders.{property_name}'" in failures_of(token, given)[property_name]

    def test_an_unknown_type_is_named_with_those_there_are(self) -> None:
        with pytest.raises(EmbeddedError, match=r"aws:rds/instance:Instance.*aws:lambda/function:Function"):
            find_resource_type("aws:rds/instance:Instance")


class TestATablesAttributes:
    """validateTableAttributes in terraform-provider-aws, internal/service/dynamodb/table.go."""

    TABLE = "aws:dynamodb/table:Table"

    @staticmethod
    def attributes(*names: object) -> list[dict[str, object]]:
        return [{"name": name, "type": "S"} for name in names]

    def test_are_those_of_its_keys_and_of_its_indexes_keys(self) -> None:
        checked(
            self.TABLE,
            {
                "hashKey": "id",
                "rangeKey": "at",
                "attributes": self.attributes("id", "at", "customer", "total"),
                "globalSecondaryIndexes": [{"name": "c", "hashKey": "customer", "projectionType": "ALL"}],
                "localSecondaryIndexes": [{"name": "t", "rangeKey": "total", "projectionType": "ALL"}],
            },
        )

    def test_one_too_many_and_one_too_few_are_both_named(self) -> None:
        failures = failures_of(self.TABLE, {"hashKey": "id", "attributes": self.attributes("order")})

        assert failures["attributes"].startswith(
            'all attributes must be indexed. Unused attributes: ["order"];'
            ' all indexes must match a defined attribute. Unmatched indexes: ["id"].'
        )

    def test_are_not_judged_before_they_are_known(self) -> None:
        assert failures_of(self.TABLE, {"hashKey": UNKNOWN, "attributes": self.attributes("order")}) == {}
