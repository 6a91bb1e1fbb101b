"""IAM policy documents, as the data source writes them."""

import json
from typing import Any

import pytest

from rollback_plugin.embedded.provider.cloud import Clients, Cloud
from rollback_plugin.embedded.provider.configuration import Configuration
from rollback_plugin.embedded.provider.invokes import INVOKES

CLOUD = Cloud(Clients(Configuration(region="eu-west-1")), "eu-west-1")
POLICY_DOCUMENT = INVOKES["aws:iam/getPolicyDocument:getPolicyDocument"]


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        ({"actions": ["s3:Get*"], "resources": ["*"]}, {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}),
        (
            {"sid": "no", "effect": "Deny", "notActions": ["a", "b"]},
            {"Sid": "no", "Effect": "Deny", "NotAction": ["b", "a"]},
        ),
        ({"principals": [{"type": "*", "identifiers": ["*"]}]}, {"Effect": "Allow", "Principal": "*"}),
        (
            {"principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}]},
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}},
        ),
        (
            {"conditions": [{"test": "ArnLike", "variable": "aws:SourceArn", "values": ["arn"]}]},
            {"Effect": "Allow", "Condition": {"ArnLike": {"aws:SourceArn": "arn"}}},
        ),
    ],
)
def test_a_statement(statement: dict[str, Any], written: dict[str, Any]) -> None:
    answer = POLICY_DOCUMENT(CLOUD, {"statements": [statement]})

    assert json.loads(answer["json"]) == {"Version": "2012-10-17", "Statement": [written]}
    assert json.loads(answer["minifiedJson"]) == json.loads(answer["json"])


def test_the_region_is_the_providers_own() -> None:
    assert INVOKES["aws:index/getRegion:getRegion"](CLOUD, {})["region"] == "eu-west-1"
