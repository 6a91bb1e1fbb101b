"""What a message says is taken for a hint or dropped; nothing else can come of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_plugin.controller.hints import AlarmHint, Drop, Hint, StackHint, TickHint, hint_for, parse_hint
from rollback_plugin.stack import StackName

ALARM_CHANGE: dict[str, Any] = {
    "version": "0",
    "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
    "detail-type": "CloudWatch Alarm State Change",
    "source": "aws.cloudwatch",
    "account": "123456789012",
    "time": "2019-10-02T17:04:40Z",
    "region": "us-east-1",
    "resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh"],
    "detail": {"alarmName": "ServerCpuTooHigh", "state": {"value": "ALARM"}, "previousState": {"value": "OK"}},
}
CHECKPOINT = ".pulumi/history/shop/dev/dev-1772452800000000000.checkpoint.json"


def created(key: str) -> dict[str, Any]:
    return {
        "detail-type": "Object Created",
        "source": "aws.s3",
        "detail": {"bucket": {"name": "state"}, "object": {"key": key, "size": 12}},
    }


DEV = StackHint(StackName("shop", "dev"))


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        (ALARM_CHANGE, AlarmHint("ServerCpuTooHigh")),
        (created(CHECKPOINT), DEV),
        (created(f"{CHECKPOINT}.gz"), DEV),
        (created(f"team/a/{CHECKPOINT}.zst"), DEV),
        ({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}, TickHint()),
        ({"stack": "shop/dev"}, DEV),
        ({"alarm": "errors"}, AlarmHint("errors")),
    ],
)
def test_what_is_understood(message: dict[str, Any], hint: Hint) -> None:
    assert parse_hint(json.dumps(message)) == hint


@pytest.mark.parametrize(
    "key",
    [
        ".pulumi/history/shop/dev/dev-1.history.json",
        ".pulumi/stacks/shop/dev.json",
        ".pulumi/history/shop/dev/dev-1.checkpoint.json.attrs",
        ".pulumi/history/shop/../dev-1.checkpoint.json",
        ".pulumi/history/shop/dev/deep/dev-1.checkpoint.json",
        "history/shop/dev/dev-1.checkpoint.json",
        "x.pulumi/history/shop/dev/dev-1.checkpoint.json",
    ],
)
def test_an_object_that_is_no_checkpoint_of_a_stack_is_dropped(key: str) -> None:
    assert parse_hint(json.dumps(created(key))) is Drop.NOT_A_CHECKPOINT


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "null",
        "[]",
        "[" * 100_000,
        "{}",
        '{"stack": "dev"}',
        '{"stack": "a/b/c"}',
        '{"stack": "../etc"}',
        '{"stack": "shop/.."}',
        '{"stack": ["shop/dev"]}',
        '{"stack": "shop/dev\\n"}',
        '{"stack": "shop/dev", "action": "rollback"}',
        json.dumps({"stack": f"{'x' * 101}/dev"}),
        '{"alarm": ""}',
        '{"alarm": 7}',
        json.dumps({"alarm": "x" * 256}),
        json.dumps({**ALARM_CHANGE, "source": "aws.cloudwatch.evil"}),
        json.dumps({**ALARM_CHANGE, "source": "my.app"}),
        json.dumps({**ALARM_CHANGE, "detail": {}}),
        json.dumps({**ALARM_CHANGE, "detail": {"alarmName": {"$ne": ""}}}),
        json.dumps({"source": "aws.events", "detail-type": "Something Else"}),
        "\ud800",
    ],
)
def test_anything_else_is_dropped_as_malformed(body: str) -> None:
    assert parse_hint(body) is Drop.MALFORMED


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(["aws.s3", "Object Created", CHECKPOINT]),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from([*ALARM_CHANGE, "stack", "alarm", "object", "key"]), inner)
    ),
)


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")) | json_values.map(json.dumps))
def test_no_body_makes_it_raise(body: str) -> None:
    assert isinstance(parse_hint(body), Drop | AlarmHint | StackHint | TickHint)


names = st.from_regex(r"[A-Za-z0-9_.-]{1,100}", fullmatch=True).filter(lambda name: name not in {".", ".."})


@given(names, names)
def test_a_hint_that_is_passed_on_names_the_same_stack(project: str, stack: str) -> None:
    assert parse_hint(hint_for(StackName(project, stack))) == StackHint(StackName(project, stack))
