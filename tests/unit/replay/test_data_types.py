"""Which types hold data: the package's list, and what a stack adds."""

import re
from importlib import resources

import pytest

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.replay.data_types import data_bearing_types, holds_data, holds_data_as_configured
from rollback_plugin.versions.version import ConfigValue

OF_THE_STACK = "aws:ec2/instance:Instance"


def config(value: str, *, secret: bool = False) -> dict[str, ConfigValue]:
    return {"rollback:dataTypes": ConfigValue(value=value, secret=secret, object=True)}


def test_every_listed_type_is_one_of_the_installed_provider() -> None:
    """The SDK registers every type it has by its token, in the text of its first module."""
    registered = resources.files("pulumi_aws").joinpath("__init__.py").read_text("utf-8")
    known = set(re.findall(r'"(aws:\w+/\w+:\w+)"', registered))

    assert data_bearing_types() - known == set()


@pytest.mark.parametrize(
    "token",
    [
        "aws:dynamodb/table:Table",
        "aws:efs/fileSystem:FileSystem",
        "aws:kms/key:Key",
        "aws:rds/instance:Instance",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketV2:BucketV2",
        "aws:sqs/queue:Queue",
    ],
)
def test_what_people_store_things_in_is_listed(token: str) -> None:
    assert holds_data(token)


def test_what_its_inputs_bring_back_is_not_listed() -> None:
    assert not any(map(holds_data, ["aws:s3/bucketObject:BucketObject", "aws:ssm/parameter:Parameter"]))


@pytest.mark.parametrize("value", [f'["{OF_THE_STACK}"]', f"- {OF_THE_STACK}"])
def test_a_stack_adds_its_own(value: str) -> None:
    holds = holds_data_as_configured({}, config(value))

    assert [holds(OF_THE_STACK), holds("aws:sqs/queue:Queue"), holds("aws:sns/topic:Topic")] == [True, True, False]


@pytest.mark.parametrize("value", [OF_THE_STACK, "{}", "[1]", "[", ""])
def test_what_is_no_list_of_types_is_refused_and_not_taken_for_none(value: str) -> None:
    with pytest.raises(InvalidConfiguration, match="rollback:dataTypes"):
        holds_data_as_configured(config(value))


def test_a_secret_list_is_refused_without_being_shown() -> None:
    with pytest.raises(InvalidConfiguration) as refusal:
        holds_data_as_configured(config("v1:ciphertext", secret=True))

    assert "ciphertext" not in str(refusal.value)
