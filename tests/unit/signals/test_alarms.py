"""How CloudWatch's answers are read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from rollback_plugin.errors import CloudError, CloudUnreachable, MissingCredentials, UnknownAlarm
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.definition import AlarmDefinition, Comparison, Metric, Query
from rollback_plugin.signals.signal import AlarmObservation

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

CHANGED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RENEWED = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


@pytest.fixture
def client() -> "CloudWatchClient":
    return boto3.client("cloudwatch", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def cloudwatch(client: "CloudWatchClient") -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def asked_for(names: list[str]) -> dict[str, object]:
    return {"AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100}


def alarm(name: str, state: str = "OK", **more: object) -> dict[str, object]:
    return {"AlarmName": name, "StateValue": state, "StateUpdatedTimestamp": RENEWED, **more}


def test_metric_and_composite_alarms_are_read_alike(client: "CloudWatchClient", cloudwatch: Stubber) -> None:
    cloudwatch.add_response(
        "describe_alarms",
        {"MetricAlarms": [alarm("errors", "ALARM", StateReason="3 of 3")], "CompositeAlarms": [alarm("any")]},
        asked_for(["any", "errors"]),
    )

    read = AlarmSource(client).read(["any", "errors"])

    assert [(a.name, a.state, a.explanation) for a in read] == [
        ("any", AlarmState.OK, ""),
        ("errors", AlarmState.ALARM, "3 of 3"),
    ]


def test_since_is_when_the_state_changed_not_when_its_words_were_renewed(
    client: "CloudWatchClient", cloudwatch: Stubber
) -> None:
    cloudwatch.add_response(
        "describe_alarms",
        {"MetricAlarms": [alarm("errors", StateTransitionedTimestamp=CHANGED), alarm("old")]},
        asked_for(["errors", "old"]),
    )

    assert [a.since for a in AlarmSource(client).read(["errors", "old"])] == [CHANGED, RENEWED]


def test_a_hundred_names_go_into_a_call(client: "CloudWatchClient", cloudwatch: Stubber) -> None:
    names = [f"alarm-{number}" for number in range(101)]
    cloudwatch.add_response(
        "describe_alarms", {"MetricAlarms": [alarm(n) for n in names[:100]]}, asked_for(names[:100])
    )
    cloudwatch.add_response("describe_alarms", {"MetricAlarms": [alarm(names[100])]}, asked_for(names[100:]))

    assert [a.name for a in AlarmSource(client).read(names)] == names


def test_a_name_given_twice_is_asked_for_once(client: "CloudWatchClient", cloudwatch: Stubber) -> None:
    cloudwatch.add_response("describe_alarms", {"MetricAlarms": [alarm("errors")]}, asked_for(["errors"]))

    assert len(AlarmSource(client).read(["errors", "errors"])) == 1


def test_every_alarm_that_does_not_exist_is_named(client: "CloudWatchClient", cloudwatch: Stubber) -> None:
    cloudwatch.add_response("describe_alarms", {"MetricAlarms": [alarm("b")]}, asked_for(["a", "b", "c"]))

    with pytest.raises(UnknownAlarm, match="`a`, `c`"):
        AlarmSource(client).read(["a", "b", "c"])


def test_no_names_ask_nothing(client: "CloudWatchClient", cloudwatch: Stubber) -> None:
    assert AlarmSource(client).read([]) == ()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InvalidClientTokenId", MissingCredentials),
        ("ExpiredToken", MissingCredentials),
        ("AccessDenied", CloudError),
        ("ValidationError", CloudError),
    ],
)
def test_a_refusal_is_told_with_awss_own_words(
    client: "CloudWatchClient", cloudwatch: Stubber, code: str, error: type[CloudError]
) -> None:
    cloudwatch.add_client_error("describe_alarms", code, "because of that")

    with pytest.raises(error, match=f"{code}: because of that") as raised:
        AlarmSource(client).read(["errors"])
    assert type(raised.value) is error


def test_an_endpoint_that_does_not_answer_is_unreachable() -> None:
    client = boto3.client(
        "cloudwatch",
        region_name="eu-central-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        endpoint_url="http://127.0.0.1:1",
    )
    with pytest.raises(CloudUnreachable, match="the CloudWatch alarm `errors`"):
        AlarmSource(client).read(["errors"])


LATER = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


def test_a_composite_alarm_is_as_old_as_the_newest_of_its_causes(
    client: "CloudWatchClient", cloudwatch: Stubber
) -> None:
    # Given a composite that rings because of an old fire, and now of a nested composite's alarm, too
    composite = alarm("any", "ALARM", StateTransitionedTimestamp=CHANGED, AlarmRule="ALARM(old) OR ALARM(nested)")
    nested = alarm("nested", "ALARM", AlarmRule="ALARM(new) AND NOT ALARM(quiet)")
    cloudwatch.add_response("describe_alarms", {"CompositeAlarms": [composite]}, asked_for(["any"]))
    cloudwatch.add_response(
        "describe_alarms",
        {"MetricAlarms": [alarm("old", "ALARM", StateTransitionedTimestamp=CHANGED)], "CompositeAlarms": [nested]},
        asked_for(["old", "nested"]),
    )
    cloudwatch.add_response(
        "describe_alarms",
        {"MetricAlarms": [alarm("new", "ALARM", StateTransitionedTimestamp=LATER)]},
        asked_for(["new"]),
    )

    (read,) = AlarmSource(client).read(["any"])

    assert (read.since, read.because) == (LATER, ("old", "new"))


def test_a_composite_that_came_to_light_by_itself_has_the_age_of_what_it_hid(
    client: "CloudWatchClient", cloudwatch: Stubber
) -> None:
    # Given an alarm that rang through a maintenance, at whose end the composite began to ring
    composite = alarm(
        "any", "ALARM", StateTransitionedTimestamp=LATER, AlarmRule="ALARM(errors) AND NOT ALARM(maintenance)"
    )
    cloudwatch.add_response(
        "describe_alarms",
        {
            "MetricAlarms": [alarm("errors", "ALARM", StateTransitionedTimestamp=CHANGED)],
            "CompositeAlarms": [composite],
        },
        asked_for(["any", "errors"]),
    )

    any_alarm, _ = AlarmSource(client).read(["any", "errors"])

    assert any_alarm.since == CHANGED


def test_composites_that_rest_on_each_other_are_read_once(client: "CloudWatchClient", cloudwatch: Stubber) -> None:
    cloudwatch.add_response(
        "describe_alarms", {"CompositeAlarms": [alarm("a", "ALARM", AlarmRule="ALARM(b)")]}, asked_for(["a"])
    )
    cloudwatch.add_response(
        "describe_alarms", {"CompositeAlarms": [alarm("b", "ALARM", AlarmRule="ALARM(a)")]}, asked_for(["b"])
    )

    (read,) = AlarmSource(client).read(["a"])

    assert (read.since, read.because) == (RENEWED, ())


def test_whatever_else_cloudwatch_says_of_an_alarm_is_kept(client: "CloudWatchClient", cloudwatch: Stubber) -> None:
    cloudwatch.add_response(
        "describe_alarms",
        {
            "MetricAlarms": [
                alarm(
                    "errors",
                    "INSUFFICIENT_DATA",
                    ActionsEnabled=False,
                    AlarmConfigurationUpdatedTimestamp=CHANGED,
                    Namespace="AWS/Lambda",
                    MetricName="Errors",
                    Dimensions=[{"Name": "Resource", "Value": "orders:live"}, {"Name": "A", "Value": "b"}],
                    Statistic="Sum",
                    Period=30,
                    EvaluationPeriods=3,
                    Threshold=2.0,
                    ComparisonOperator="GreaterThanThreshold",
                )
            ]
        },
        asked_for(["errors"]),
    )

    (read,) = AlarmSource(client).read(["errors"])

    metric = Metric("AWS/Lambda", "Errors", (("A", "b"), ("Resource", "orders:live")))
    assert read == AlarmObservation(
        "errors",
        AlarmState.INSUFFICIENT_DATA,
        since=RENEWED,
        actions_enabled=False,
        configured_at=CHANGED,
        definition=AlarmDefinition(
            Comparison.GREATER, 2.0, 30, 3, 3, "missing", (Query("value", metric, "Sum", period_seconds=30),)
        ),
    )


def test_an_alarm_of_a_kind_that_came_later_is_watched_without_a_definition(
    client: "CloudWatchClient", cloudwatch: Stubber
) -> None:
    odd = alarm("odd", "ALARM", MetricName="m", EvaluationPeriods=1, ComparisonOperator="Resembles")
    cloudwatch.add_response("describe_alarms", {"MetricAlarms": [odd]}, asked_for(["odd"]))

    (read,) = AlarmSource(client).read(["odd"])

    assert (read.state, read.definition) == (AlarmState.ALARM, None)
