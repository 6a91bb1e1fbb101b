"""How much is done without a person, for a stack as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rollback_plugin.versions.service import Policy, Service


@dataclass(frozen=True)
class StackPolicy:
    """The policies of a stack's services, as one: a stack goes back whole, so the most careful has the say."""

    automatic_rollback: bool = True
    automatic_recovery: bool = True
    verify_seconds: int = Policy().verify_seconds
    minimum_requests: Mapping[str, int] = field(default_factory=dict)
    """Per alarm; an alarm that several services share needs what the most demanding of them asks for."""

    def requests_needed(self, alarm: str) -> int:
        """Requests without which the alarm is inconclusive."""
        return self.minimum_requests.get(alarm, 0)


def stack_policy(services: Sequence[Service]) -> StackPolicy:
    """The policy of a stack with these services; the defaults of `Policy` for one with none."""
    if not services:
        return StackPolicy()
    minimum_requests: dict[str, int] = {}
    for service in services:
        for alarm in service.alarms:
            minimum_requests[alarm] = max(minimum_requests.get(alarm, 0), service.policy.minimum_requests)
    return StackPolicy(
        automatic_rollback=all(service.policy.automatic_rollback for service in services),
        automatic_recovery=all(service.policy.automatic_recovery for service in services),
        verify_seconds=max(service.policy.verify_seconds for service in services),
        minimum_requests=minimum_requests,
    )
