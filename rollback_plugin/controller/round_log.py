"""What the rounds over stacks come to, counted and logged."""

from collections.abc import Sequence

from rollback_plugin.controller.reporting import Reporting
from rollback_plugin.controller.stack_controller import Round
from rollback_plugin.controller.watch import FailedRound
from rollback_plugin.errors import EngineFailed, RollbackPluginError
from rollback_plugin.stack import StackName
from rollback_plugin.telemetry.interface import Counter


class RoundLog:
    """Counts every round, and logs one that differs from the stack's last."""

    def __init__(self, reporting: Reporting) -> None:
        self._telemetry = reporting.telemetry
        self._log = reporting.log
        self._said: dict[StackName, str] = {}

    def tell(self, outcomes: Sequence[Round | FailedRound]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, FailedRound):
                self._failed(outcome.stack, outcome.error)
            else:
                self._decided(outcome)

    def _failed(self, stack: StackName, error: RollbackPluginError) -> None:
        kind = type(error).__name__
        self._telemetry.count(Counter.ROUNDS, outcome="failed", error=kind)
        if self._is_news(stack, f"{kind} {error}"):
            # What the engine says may hold anything.
            said = {} if isinstance(error, EngineFailed) else {"message": str(error)}
            self._log.warning("round_failed", stack=str(stack), error=kind, **said)

    def _decided(self, outcome: Round) -> None:
        decision = outcome.decision
        action, reason = decision.action.value, decision.reason.value
        self._telemetry.count(Counter.ROUNDS, outcome=action)
        self._telemetry.count(Counter.DECISIONS, action=action, reason=reason)
        if self._is_news(outcome.stack, f"{action} {reason} {decision.version} {decision.target}"):
            self._log.info(
                "decided",
                stack=str(outcome.stack),
                action=action,
                reason=reason,
                version=decision.version,
                target=decision.target,
                alarms=list(decision.alarms),
            )

    def _is_news(self, stack: StackName, matter: str) -> bool:
        said, self._said[stack] = self._said.get(stack), matter
        return said != matter
