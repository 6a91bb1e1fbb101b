"""How much is done without a person, for a stack as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rollback_plugin.controller.quiet_hours import QuietHours
from rollback_plugin.versions.service import Policy, Service


@dataclass(frozen=True)
class StackPolicy:
    """The policies of a stack's services, as one: a stack goes back whole, so the most careful has the say."""

    automatic_rollback: bool = True
    automatic_recovery: bool = True
    verify_seconds: int = Policy().verify_seconds
    recover_after_seconds: int = 0
    quiet_hours: tuple[QuietHours, ...] = ()
    """Every service's own."""
    maximum_rollbacks_per_day: int | None = None
    """None: no limit."""
    unproven_targets: bool = False
    """Whether to go back to a version that nothing speaks against, where none is healthy."""
    roll_back_failed_updates: bool = False
    priority: int = Policy().priority
    """The lowest of the services': the stack goes first where any of them would."""
    minimum_requests: Mapping[str, int] = field(default_factory=dict)
    """Per alarm; an alarm that several services share needs what the most demanding of them asks for."""

    def requests_needed(self, alarm: str) -> int:
        """Requests without which the alarm is inconclusive."""
        return self.minimum_requests.get(alarm, 0)


def stack_policy(services: Sequence[Service]) -> StackPolicy:
    """The policy of a stack with these services; the defaults of `Policy` for one with none."""
    if not services:
        return StackPolicy()
    policies = [service.policy for service in services]
    minimum_requests: dict[str, int] = {}
    for service in services:
        for alarm in service.alarms:
            minimum_requests[alarm] = max(minimum_requests.get(alarm, 0), service.policy.minimum_requests)
    limits = [p.maximum_rollbacks_per_day for p in policies if p.maximum_rollbacks_per_day is not None]
    quiet = (QuietHours.of(policy.quiet_hours) for policy in policies if policy.quiet_hours is not None)
    return StackPolicy(
        automatic_rollback=all(policy.automatic_rollback for policy in policies),
        automatic_recovery=all(policy.automatic_recovery for policy in policies),
        verify_seconds=max(policy.verify_seconds for policy in policies),
        recover_after_seconds=max(policy.recover_after_seconds for policy in policies),
        quiet_hours=tuple(dict.fromkeys(quiet)),
        maximum_rollbacks_per_day=min(limits, default=None),
        unproven_targets=all(policy.without_healthy_target == "unproven" for policy in policies),
        roll_back_failed_updates=all(policy.failed_update == "roll_back" for policy in policies),
        priority=min(policy.priority for policy in policies),
        minimum_requests=minimum_requests,
    )
