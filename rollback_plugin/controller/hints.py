"""What a message to the workers may say: that a look at some stacks is due. A hint, never a proof.

Four forms are understood, and anything else is dropped:

- an alarm changed: EventBridge's "CloudWatch Alarm State Change"
  (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html),
- an update of a stack ended: "Object Created" of a checkpoint in the backend's history, the last thing the engine
  writes (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html; keys are not URL-encoded there),
- time passed: a rule's "Scheduled Event"
  (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html),
- somebody names what to look at: `{"stack": "project/stack"}` or `{"alarm": "name"}`, as a webhook sends it, and as
  workers pass hints on to each other.

Nothing else of a message is read, so nothing else of it can matter: what the alarm's state is, and what the stack runs,
is asked of CloudWatch and of the journal.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, cast, get_args

import msgspec
from msgspec import Meta, Struct, field

from rollback_plugin.stack import StackName
from rollback_plugin.stored import Misfit, read

_NAME = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_.-]{1,100}"
"""Of a project or a stack, as the engine takes it (sdk/go/common/tokens/names.go)."""
_CHECKPOINT = re.compile(
    rf"(?:.*/)?\.pulumi/history/(?P<project>{_NAME})/(?P<stack>{_NAME})/[^/]+\.checkpoint\.json(?:\.gz|\.zst)?"
)


@dataclass(frozen=True, slots=True)
class AlarmHint:
    """An alarm of this name may have changed."""

    alarm: str


@dataclass(frozen=True, slots=True)
class StackHint:
    """Something may have happened to this stack."""

    stack: StackName


@dataclass(frozen=True, slots=True)
class TickHint:
    """Time passed: for every stack, something may be due."""


class Drop(StrEnum):
    """Why a message is not acted upon."""

    MALFORMED = "malformed"
    NOT_A_CHECKPOINT = "not_a_checkpoint"
    UNKNOWN_STACK = "unknown_stack"
    UNKNOWN_ALARM = "unknown_alarm"


Hint = AlarmHint | StackHint | TickHint


_AlarmName = Annotated[str, Meta(min_length=1, max_length=255)]


class _ChangedAlarm(Struct, frozen=True):
    alarm: _AlarmName = field(name="alarmName")


class _AlarmChange(Struct, frozen=True):
    source: Literal["aws.cloudwatch"]
    detail: _ChangedAlarm
    kind: Literal["CloudWatch Alarm State Change"] = field(name="detail-type")


class _Object(Struct, frozen=True):
    key: Annotated[str, Meta(min_length=1, max_length=1024)]


class _Creation(Struct, frozen=True):
    object: _Object


class _ObjectCreated(Struct, frozen=True):
    source: Literal["aws.s3"]
    kind: Literal["Object Created"] = field(name="detail-type")
    detail: _Creation


class _Scheduled(Struct, frozen=True):
    source: Literal["aws.events"]
    kind: Literal["Scheduled Event"] = field(name="detail-type")


class _NamedStack(Struct, frozen=True, forbid_unknown_fields=True):
    stack: Annotated[str, Meta(max_length=201)]


class _NamedAlarm(Struct, frozen=True, forbid_unknown_fields=True):
    alarm: _AlarmName


_Message = _AlarmChange | _ObjectCreated | _Scheduled | _NamedStack | _NamedAlarm


def parse_hint(body: str) -> Hint | Drop:
    """What a message's body hints at, or why it is dropped. Never raises, whatever the body is."""
    match _read(body.encode(errors="surrogatepass")):
        case None:
            return Drop.MALFORMED
        case _AlarmChange(detail=changed):
            return AlarmHint(changed.alarm)
        case _ObjectCreated(detail=created):
            found = _CHECKPOINT.fullmatch(created.object.key)
            return StackHint(StackName(found["project"], found["stack"])) if found else Drop.NOT_A_CHECKPOINT
        case _Scheduled():
            return TickHint()
        case _NamedAlarm(alarm=name):
            return AlarmHint(name)
        case _NamedStack(stack=name):
            return _stack_hint(name)


def hint_for(stack: StackName) -> str:
    """The body of the message that names the stack: `parse_hint` gives its `StackHint` back."""
    return msgspec.json.encode(_NamedStack(str(stack))).decode()


def _read(body: bytes) -> _Message | None:
    """The message, as the first of the forms that it has."""
    for form in get_args(_Message):
        with suppress(Misfit):
            return cast("_Message", read(body, form))
    return None


def _stack_hint(written: str) -> StackHint | Drop:
    found = re.fullmatch(rf"(?P<project>{_NAME})/(?P<stack>{_NAME})", written)
    return StackHint(StackName(found["project"], found["stack"])) if found else Drop.MALFORMED
