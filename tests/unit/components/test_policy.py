"""The policy a program gives a service."""

import json
from typing import Any

import pytest

from rollback_plugin.components.policy import RollbackPolicyArgs, policy_from
from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.stored import fitted, plain, read
from rollback_plugin.versions.service import Policy, QuietHours


def test_a_program_can_name_every_setting_of_the_policy_and_no_other() -> None:
    assert set(RollbackPolicyArgs.__annotations__) == set(Policy.__struct_fields__)


def test_what_is_not_named_has_the_default() -> None:
    assert policy_from({}, "orders") == Policy()


def test_what_is_named_is_taken() -> None:
    args: RollbackPolicyArgs = {
        "bake_seconds": 30,
        "minimum_requests": 20,
        "verify_seconds": 10,
        "automatic_rollback": False,
        "automatic_recovery": False,
        "bake_requests": 500,
        "recover_after_seconds": 60,
        "quiet_hours": {"start": "22:00", "end": "06:00", "time_zone": "Europe/Berlin"},
        "maximum_rollbacks_per_day": 3,
        "without_healthy_target": "unproven",
        "failed_update": "roll_back",
        "priority": 5,
    }
    assert plain(policy_from(args, "orders")) == args


def test_a_policy_as_a_checkpoint_keeps_it_is_read_back_the_same() -> None:
    quiet = Policy(quiet_hours=QuietHours(start="22:00", end="06:00", time_zone="UTC"), maximum_rollbacks_per_day=3)

    for policy in (Policy(), quiet):
        kept = {key: value for key, value in plain(policy).items() if value is not None}
        assert read(json.dumps(kept).encode(), Policy) == policy


def test_the_policy_of_an_older_version_is_read() -> None:
    kept = {"bake_seconds": 30, "minimum_requests": 0, "verify_seconds": 9, "automatic_rollback": True}

    assert fitted(kept, Policy) == Policy(bake_seconds=30, verify_seconds=9)


def test_whole_floats_are_numbers_since_other_pulumi_languages_send_them() -> None:
    args: Any = {"bake_seconds": 30.0}
    assert policy_from(args, "orders").bake_seconds == 30


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"bake_seconds": -5}, r"orders: policy\.bake_seconds is -5: expected int >= 0"),
        ({"verify_seconds": "soon"}, r"orders: policy\.verify_seconds is 'soon'"),
        ({"minimum_requests": 1.5}, r"orders: policy\.minimum_requests is 1\.5"),
        ({"bake_requests": -1}, r"orders: policy\.bake_requests is -1"),
        ({"maximum_rollbacks_per_day": 0}, r"orders: policy\.maximum_rollbacks_per_day is 0: expected int >= 1"),
        ({"failed_update": "undo"}, r"orders: policy\.failed_update is 'undo': .*'hold' or 'roll_back'"),
        ({"without_healthy_target": "any"}, r"policy\.without_healthy_target is 'any': .*'hold' or 'unproven'"),
        (
            {"quiet_hours": {"start": "25:00", "end": "06:00", "time_zone": "UTC"}},
            r"policy\.quiet_hours is .*: start is '25:00': it must be a time of day like 22:00",
        ),
        (
            {"quiet_hours": {"start": "22:00", "end": "06:00", "time_zone": "Berlin"}},
            r"policy\.quiet_hours is .*: time_zone is 'Berlin': .*a name like Europe/Berlin or UTC",
        ),
        (
            {"quiet_hours": {"start": "22:00", "end": "22:00", "time_zone": "UTC"}},
            r"policy\.quiet_hours is .*: .*start and end are the same time",
        ),
        ({"quiet_hours": {"start": "22:00"}}, r"policy\.quiet_hours is .*: object missing required field end"),
        ({"bakeSeconds": 5}, r"orders: policy has no setting bakeSeconds\. The settings are bake_seconds,"),
    ],
)
def test_what_can_not_be_used_is_refused_by_name(args: Any, message: str) -> None:
    with pytest.raises(InvalidConfiguration, match=message):
        policy_from(args, "orders")
