"""How a program says what may happen to a service without a person."""

from typing import NotRequired, TypedDict

from pydantic import ValidationError

from rollback_plugin.components.refusal import InvalidArguments
from rollback_plugin.versions.service import Policy


class RollbackPolicyArgs(TypedDict):
    """What may be rolled back and recovered without a person, and when."""

    bake_seconds: NotRequired[int]
    """How long after a deploy an alarm counts against it. Default 600."""

    minimum_requests: NotRequired[int]
    """Fewer requests than this since the deploy make an alarm inconclusive. Default 0: every alarm counts."""

    verify_seconds: NotRequired[int]
    """How long after a rollback the alarms may take to clear before the rollback counts as no help. Default 180."""

    automatic_rollback: NotRequired[bool]
    """Whether an alarm rolls the deploy back that caused it. Default true."""

    automatic_recovery: NotRequired[bool]
    """Whether the newest version is re-applied when rolling it back did not help. Default true."""


def policy_from(args: RollbackPolicyArgs, owner: str) -> Policy:
    """The policy that `args` asks for, with the defaults of `Policy` for what is not named.

    `owner` is named in messages, for example `LambdaService "orders"`.
    Raises InvalidArguments for an unknown setting or a value of the wrong type or range.
    """
    unknown = sorted(set(args) - set(Policy.model_fields))
    if unknown:
        raise InvalidArguments(
            f"{owner}: policy has no setting {', '.join(unknown)}. The settings are {', '.join(Policy.model_fields)}."
        )
    try:
        return Policy.model_validate(args)
    except ValidationError as error:
        problems = "; ".join(
            f"policy.{'.'.join(map(str, problem['loc']))} is {problem['input']!r}: {problem['msg'].lower()}"
            for problem in error.errors()
        )
        raise InvalidArguments(f"{owner}: {problems}. Change it in the program's arguments.") from error
