"""The policy a program gives a service."""

from typing import Any

import pytest

from rollback_plugin.components.policy import RollbackPolicyArgs, policy_from
from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.versions.service import Policy


def test_a_program_can_name_every_setting_of_the_policy_and_no_other() -> None:
    assert set(RollbackPolicyArgs.__annotations__) == set(Policy.model_fields)


def test_what_is_not_named_has_the_default() -> None:
    assert policy_from({}, "orders") == Policy()


def test_what_is_named_is_taken() -> None:
    args: RollbackPolicyArgs = {
        "bake_seconds": 30,
        "minimum_requests": 20,
        "verify_seconds": 10,
        "automatic_rollback": False,
        "automatic_recovery": False,
    }
    assert policy_from(args, "orders").model_dump() == args


def test_whole_floats_are_numbers_since_other_pulumi_languages_send_them() -> None:
    args: Any = {"bake_seconds": 30.0}
    assert policy_from(args, "orders").bake_seconds == 30


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"bake_seconds": -5}, r"orders: policy\.bake_seconds is -5: .*greater than or equal to 0"),
        ({"verify_seconds": "soon"}, r"orders: policy\.verify_seconds is 'soon'"),
        ({"minimum_requests": 1.5}, r"orders: policy\.minimum_requests is 1\.5"),
        ({"bakeSeconds": 5}, r"orders: policy has no setting bakeSeconds\. The settings are bake_seconds,"),
    ],
)
def test_what_can_not_be_used_is_refused_by_name(args: Any, message: str) -> None:
    with pytest.raises(InvalidConfiguration, match=message):
        policy_from(args, "orders")
