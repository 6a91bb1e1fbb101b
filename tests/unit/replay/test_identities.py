"""Which ids follow from inputs, and from what else."""

from typing import Any

import pytest

from rollback_plugin.replay.identities import QUEUE, Neighbour, identity_of

ROLE = "aws:iam/role:Role"
TOPIC = "aws:sns/topic:Topic"
ALIAS = "aws:lambda/alias:Alias"
EAST = {"region": "us-east-1"}


def with_arn(arn: str, resource_type: str = ROLE, **outputs: Any) -> Neighbour:
    return Neighbour(resource_type, {"arn": arn, **outputs})


IN_AWS = with_arn("arn:aws:iam::111122223333:role/r")
IN_CHINA = with_arn("arn:aws-cn:iam::111122223333:role/r")
ELSEWHERE = with_arn("arn:aws:iam::444455556666:role/r")
MANAGED = with_arn("arn:aws:iam::aws:policy/ReadOnlyAccess")
OTHER_QUEUE = with_arn("arn:aws:sqs:us-east-1:111122223333:q", QUEUE, url="http://here/111122223333/q", **EAST)


@pytest.mark.parametrize(
    ("rule", "resource_type", "inputs", "neighbours", "identity"),
    [
        ("a name", ROLE, {"name": "r-1"}, [], "r-1"),
        ("several inputs", "aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "p"}, [], "r:p"),
        ("what isn't given is left out", "aws:lambda/functionUrl:FunctionUrl", {"functionName": "f"}, [], "f"),
        ("what is given is not", "aws:lambda/functionUrl:FunctionUrl", {"functionName": "f", "qualifier": "live"}, [],
         "f/live"),
        ("a default is left out", "aws:cloudwatch/eventRule:EventRule", {"eventBusName": "default", "name": "r"}, [],
         "r"),
        ("no name given yet", ROLE, {}, [], None),
        ("a name that is secret", ROLE, {"name": {"ciphertext": "x"}}, [], None),
        ("a type that isn't known", "aws:ec2/instance:Instance", {"name": "x"}, [IN_AWS], None),
        ("an ARN, by the account of what is beside it", TOPIC, {"name": "t", **EAST}, [IN_AWS],
         "arn:aws:sns:us-east-1:111122223333:t"),
        ("an ARN in another partition", TOPIC, {"name": "t", "region": "cn-north-1"}, [IN_CHINA],
         "arn:aws-cn:sns:cn-north-1:111122223333:t"),
        ("nothing beside it says the account", TOPIC, {"name": "t", **EAST}, [MANAGED], None),
        ("what is beside it is in two accounts", TOPIC, {"name": "t", **EAST}, [IN_AWS, ELSEWHERE], None),
        ("a queue's URL, by AWS's rule", QUEUE, {"name": "q", **EAST}, [IN_AWS],
         "https://sqs.us-east-1.amazonaws.com/111122223333/q"),
        ("a queue's URL in China", QUEUE, {"name": "q", "region": "cn-north-1"}, [IN_CHINA],
         "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q"),
        ("a queue's URL, as of another queue", QUEUE, {"name": "n", **EAST}, [OTHER_QUEUE],
         "http://here/111122223333/n"),
        ("another queue in another region", QUEUE, {"name": "n", "region": "us-west-2"}, [OTHER_QUEUE],
         "https://sqs.us-west-2.amazonaws.com/111122223333/n"),
        ("an alias of a function by name", ALIAS, {"functionName": "f", "name": "live", **EAST}, [IN_AWS],
         "arn:aws:lambda:us-east-1:111122223333:function:f:live"),
        ("an alias of a function by ARN", ALIAS, {"functionName": "arn:aws:lambda:x:1:function:f", "name": "live"}, [],
         "arn:aws:lambda:x:1:function:f:live"),
    ],
)  # fmt: skip
def test_an_id_is_what_follows_from_the_inputs_and_the_place(
    rule: str, resource_type: str, inputs: dict[str, Any], neighbours: list[Neighbour], identity: str | None
) -> None:
    assert identity_of(resource_type, inputs, neighbours) == identity, rule
