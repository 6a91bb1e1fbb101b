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
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rollback_plugin.stack import StackName

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


class _Part(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True, extra="ignore", strict=True)


class _ChangedAlarm(_Part):
    alarm: str = Field(alias="alarmName", min_length=1, max_length=255)


class _AlarmChange(_Part):
    source: Literal["aws.cloudwatch"]
    kind: Literal["CloudWatch Alarm State Change"] = Field(alias="detail-type")
    detail: _ChangedAlarm


class _Object(_Part):
    key: str = Field(min_length=1, max_length=1024)


class _Creation(_Part):
    object: _Object


class _ObjectCreated(_Part):
    source: Literal["aws.s3"]
    kind: Literal["Object Created"] = Field(alias="detail-type")
    detail: _Creation


class _Scheduled(_Part):
    source: Literal["aws.events"]
    kind: Literal["Scheduled Event"] = Field(alias="detail-type")


class _NamedStack(_Part):
    model_config = ConfigDict(defer_build=True, extra="forbid")

    stack: str = Field(max_length=201)


class _NamedAlarm(_Part):
    model_config = ConfigDict(defer_build=True, extra="forbid")

    alarm: str = Field(min_length=1, max_length=255)


_MESSAGE: TypeAdapter[_AlarmChange | _ObjectCreated | _Scheduled | _NamedStack | _NamedAlarm] = TypeAdapter(
    Annotated[_AlarmChange | _ObjectCreated | _Scheduled | _NamedStack | _NamedAlarm, Field(union_mode="left_to_right")]
)


def parse_hint(body: str) -> Hint | Drop:
    """What a message's body hints at, or why it is dropped. Never raises, whatever the body is."""
    try:
        message = _MESSAGE.validate_json(body)
    except ValidationError:
        return Drop.MALFORMED
    match message:
        case _AlarmChange():
            return AlarmHint(message.detail.alarm)
        case _ObjectCreated():
            found = _CHECKPOINT.fullmatch(message.detail.object.key)
            return StackHint(StackName(found["project"], found["stack"])) if found else Drop.NOT_A_CHECKPOINT
        case _Scheduled():
            return TickHint()
        case _NamedAlarm():
            return AlarmHint(message.alarm)
        case _NamedStack():
            return _stack_hint(message.stack)


def hint_for(stack: StackName) -> str:
    """The body of the message that names the stack: `parse_hint` gives its `StackHint` back."""
    return _NamedStack(stack=str(stack)).model_dump_json()


def _stack_hint(written: str) -> StackHint | Drop:
    found = re.fullmatch(rf"(?P<project>{_NAME})/(?P<stack>{_NAME})", written)
    return StackHint(StackName(found["project"], found["stack"])) if found else Drop.MALFORMED
