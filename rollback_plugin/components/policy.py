"""How a program says what may happen to a service without a person."""

from typing import Any, Literal, NotRequired, TypedDict, get_args, get_origin

import msgspec
from msgspec import structs

from rollback_plugin.components.refusal import InvalidArguments
from rollback_plugin.versions.service import Policy


class QuietHoursArgs(TypedDict):
    """A part of every day, by the clocks of a time zone."""

    start: str
    """When it begins, `HH:MM`."""

    end: str
    """When it ends, `HH:MM`; earlier than `start` means on the next day."""

    time_zone: str
    """A name of the IANA time zone database, such as `Europe/Berlin`."""


class RollbackPolicyArgs(TypedDict):
    """What may be rolled back and recovered without a person, and when.

    A stack goes back whole: of several services in it, the most careful has the say.
    """

    bake_seconds: NotRequired[int]
    """How long after a deploy an alarm counts against it. Default 600."""

    bake_requests: NotRequired[int]
    """How many requests the service must have served, besides, before a version counts as healthy. Default 0."""

    minimum_requests: NotRequired[int]
    """Fewer requests than this since the deploy make an alarm inconclusive. Default 0: every alarm counts."""

    verify_seconds: NotRequired[int]
    """How long after a rollback the alarms may take to clear before the rollback counts as no help. Default 180."""

    automatic_rollback: NotRequired[bool]
    """Whether an alarm rolls the deploy back that caused it; otherwise a person is asked. Default true."""

    automatic_recovery: NotRequired[bool]
    """Whether the newest version is re-applied when rolling it back did not help; otherwise a person is asked.
    Default true."""

    recover_after_seconds: NotRequired[int]
    """How long a rollback is known not to have helped before the newest version is re-applied. Default 0."""

    quiet_hours: NotRequired[QuietHoursArgs]
    """When a person is asked about what would be done without one at other hours. Default: never."""

    maximum_rollbacks_per_day: NotRequired[int]
    """After so many automatic rollbacks in the last 24 hours a person is asked. Default: no limit."""

    without_healthy_target: NotRequired[str]
    """Where no older version is healthy: `hold` does nothing; `unproven` goes back to the newest that nothing speaks
    against, though its bake window was cut short. Default `hold`."""

    failed_update: NotRequired[str]
    """What a `pulumi up` that failed half-way or was interrupted calls for: `hold` or `roll_back`. Default `hold`."""

    priority: NotRequired[int]
    """Where several stacks that share an alarm were changed, the one with the lowest number is undone first.
    Default 100."""


def policy_from(args: RollbackPolicyArgs, owner: str) -> Policy:
    """The policy that `args` asks for, with the defaults of `Policy` for what is not named.

    `owner` is named in messages, for example `LambdaService "orders"`.
    Raises InvalidArguments for an unknown setting or a value of the wrong type or range.
    """
    unknown = sorted(set(args) - set(Policy.__struct_fields__))
    if unknown:
        raise InvalidArguments(
            f"{owner}: policy has no setting {', '.join(unknown)}. The settings are"
            f" {', '.join(Policy.__struct_fields__)}."
        )
    settings = {field.name: field.type for field in structs.fields(Policy)}
    taken: dict[str, Any] = {}
    problems = []
    for name, value in args.items():
        # Other Pulumi languages know floats only.
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        try:
            taken[name] = msgspec.convert(whole, settings[name])
        except msgspec.ValidationError as error:
            problems.append(f"policy.{name} is {value!r}: {_wanted(settings[name], error)}")
    if problems:
        raise InvalidArguments(f"{owner}: {'; '.join(problems)}. Change it in the program's arguments.")
    return Policy(**taken)


def _wanted(setting: Any, error: msgspec.ValidationError) -> str:
    if get_origin(setting) is Literal:
        return f"it must be {' or '.join(map(repr, get_args(setting)))}"
    words = str(error).replace("`", "").replace(" - at $.", " at ")
    return words[0].lower() + words[1:]
