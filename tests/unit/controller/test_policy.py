"""The policies of several services, as the one of their stack."""

from rollback_plugin.controller.policy import StackPolicy, stack_policy
from rollback_plugin.versions.service import Policy, Service


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


def test_each_alarm_needs_the_requests_that_its_own_services_ask_for() -> None:
    busy = service("errors", "shared", policy=Policy(minimum_requests=1000))
    quiet = service("rare", "shared", policy=Policy(minimum_requests=20))

    merged = stack_policy([busy, quiet])

    assert merged.minimum_requests == {"errors": 1000, "rare": 20, "shared": 1000}
    assert merged.requests_needed("unheard of") == 0
