"""The policies of several services, as the one of their stack."""

import pytest

from rollback_plugin.controller.policy import StackPolicy, stack_policy
from rollback_plugin.versions.service import Policy, QuietHours, Service


def service(*alarms: str, policy: Policy) -> Service:
    return Service(name="s", kind="lambda", alarms=alarms, policy=policy)


def test_a_stack_without_services_has_the_defaults() -> None:
    assert stack_policy([]) == StackPolicy(
        automatic_rollback=True, automatic_recovery=True, verify_seconds=180, minimum_requests={}
    )


def test_the_most_careful_service_has_the_say() -> None:
    bold = service(policy=Policy(verify_seconds=60))
    careful = service(policy=Policy(verify_seconds=300, automatic_rollback=False, automatic_recovery=False))

    merged = stack_policy([bold, careful])

    assert (merged.automatic_rollback, merged.automatic_recovery, merged.verify_seconds) == (False, False, 300)


@pytest.mark.parametrize("turned", [False, True])
def test_the_most_careful_of_the_other_settings_counts_too(turned: bool) -> None:
    night = QuietHours(start="22:00", end="06:00", time_zone="UTC")
    fair = QuietHours(start="09:00", end="18:00", time_zone="Europe/Berlin")
    bold = service(policy=Policy(without_healthy_target="unproven", failed_update="roll_back", priority=7))
    careful = service(policy=Policy(recover_after_seconds=60, quiet_hours=night, maximum_rollbacks_per_day=3))
    third = service(policy=Policy(quiet_hours=fair, maximum_rollbacks_per_day=9))

    merged = stack_policy([third, careful, bold] if turned else [bold, careful, third])

    assert (merged.unproven_targets, merged.roll_back_failed_updates) == (False, False)
    assert (merged.recover_after_seconds, merged.maximum_rollbacks_per_day, merged.priority) == (60, 3, 7)
    assert {str(hours) for hours in merged.quiet_hours} == {"22:00 to 06:00 UTC", "09:00 to 18:00 Europe/Berlin"}


def test_what_all_services_allow_is_allowed() -> None:
    bold = service(policy=Policy(without_healthy_target="unproven", failed_update="roll_back"))

    merged = stack_policy([bold, bold])

    assert (merged.unproven_targets, merged.roll_back_failed_updates) == (True, True)
    assert merged.maximum_rollbacks_per_day is None


def test_each_alarm_needs_the_requests_that_its_own_services_ask_for() -> None:
    busy = service("errors", "shared", policy=Policy(minimum_requests=1000))
    quiet = service("rare", "shared", policy=Policy(minimum_requests=20))

    merged = stack_policy([busy, quiet])

    assert merged.minimum_requests == {"errors": 1000, "rare": 20, "shared": 1000}
    assert merged.requests_needed("unheard of") == 0
