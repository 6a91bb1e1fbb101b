"""People's answers to what the controller asks, and what is done on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rollback_plugin.controller.execution import OperationResult
from rollback_plugin.controller.permission import approved
from rollback_plugin.errors import NothingAsked, OperationInProgress
from rollback_plugin.journal.entries import Answered
from rollback_plugin.journal.options import DEFAULT_OPTIONS

if TYPE_CHECKING:
    from rollback_plugin.controller.stack_controller import StackController
    from rollback_plugin.journal.status import Question
    from rollback_plugin.replay.plan import Plan


@dataclass(frozen=True)
class Consent:
    """What a person is asked about one stack."""

    controller: StackController

    def question(self) -> Question:
        """What stands to be answered, or was approved and not begun yet. New deploys are recorded first: a question
        ends with them.

        Raises `NothingAsked`, and the errors of store and backend.
        """
        self.controller.recorder.record()
        question = self.controller.status().question
        if question is None:
            raise NothingAsked(
                f"Nothing is asked about {self.controller.stack}: a question ends with the next deploy, rollback,"
                " recovery or freeze. See `rollback status`; `rollback undo` goes back without being asked."
            )
        if question.answer is not None and not question.answer.approved:
            raise NothingAsked(
                f"What was asked about {self.controller.stack} was denied by {question.answered_by}. It isn't asked"
                " again until the next deploy; `rollback undo` and `rollback recover` do it without being asked."
            )
        return question

    def plan(self, question: Question) -> tuple[int, Plan]:
        """The version that a yes would apply, and how. Changes nothing; raises as `Operator.plan_undo` does."""
        operator, target = self.controller.operator, question.asked.target
        plan = operator.plan_undo if question.asked.kind == "rollback" else operator.plan_recover
        return plan(target, DEFAULT_OPTIONS)

    def approve(self, question: Question, why: str) -> OperationResult:
        """Journal the yes, and do what was asked. After a crash in between, whoever looks at the stack next does it.

        Raises `OperationInProgress` where somebody else began at that moment, `NothingAsked` where the question ended
        meanwhile, and what `Operator.carry_out` raises.
        """
        if question.answer is None:
            self._answer(question, why, approved=True)
        status = self.controller.status()
        decision = approved(status)
        if decision is not None:
            return self.controller.operator.carry_out(decision, status)
        if status.operation is not None:
            raise OperationInProgress(
                f"{status.operation.actor} has begun the {status.operation.kind} of {self.controller.stack} to version"
                f" {status.operation.target} already. See `rollback status`."
            )
        raise NothingAsked(
            f"What was asked about {self.controller.stack} ended before your answer. Nothing was changed; see"
            " `rollback status`."
        )

    def deny(self, question: Question, why: str) -> None:
        """Journal the no. Raises `NothingAsked` for what was approved already."""
        if question.answer is not None:
            raise NothingAsked(
                f"What was asked about {self.controller.stack} was approved by {question.answered_by}, and is about to"
                " be done. `rollback freeze` keeps it from being begun."
            )
        self._answer(question, why, approved=False)

    def _answer(self, question: Question, why: str, *, approved: bool) -> None:
        answer = Answered(question=question.asked.question, approved=approved, explanation=why)
        self.controller.journal.append_next(answer)
