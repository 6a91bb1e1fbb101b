"""What a RollbackController registers, and what its workers may do."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from pulumi.provider.experimental.analyzer import Analyzer

from rollback_plugin.components.rollback_controller import RollbackController
from rollback_plugin.components.rollback_controller_args import RollbackControllerArgs
from rollback_plugin.components.worker_permissions import worker_policy
from rollback_plugin.controller.hint_queue import HELD_SECONDS
from rollback_plugin.errors import InvalidConfiguration
from tests.unit.components.composed import Composed, compose

ARGS: RollbackControllerArgs = {
    "image": "registry/rollback-plugin:1",
    "state_bucket_arn": "arn:aws:s3:::state",
    "stacks": ["shop/*", "books/prod"],
    "subnets": ["subnet-1"],
}


@pytest.fixture
def composed() -> Composed:
    return Composed()


def controller(record: Composed, **more: Any) -> dict[str, dict[str, Any]]:
    """What is registered, by type and name."""
    compose(record, lambda: RollbackController("fleet", {**ARGS, **more}))  # type: ignore[typeddict-item]
    return record.inputs


def container(record: Composed, **more: Any) -> dict[str, Any]:
    (described,) = json.loads(controller(record, **more)["TaskDefinition::fleet-worker"]["containerDefinitions"])
    return dict(described)


def test_three_kinds_of_events_reach_the_queue(composed: Composed) -> None:
    inputs = controller(composed)

    targets = {name: each["sqsTarget"] for name, each in inputs.items() if name.startswith("EventTarget::")}
    assert targets == {
        "EventTarget::fleet-alarms": {"messageGroupId": "alarms"},
        "EventTarget::fleet-checkpoints": {"messageGroupId": "checkpoints"},
        "EventTarget::fleet-ticks": {"messageGroupId": "ticks"},
    }
    assert inputs["EventRule::fleet-ticks"]["scheduleExpression"] == "rate(1 minute)"
    assert json.loads(inputs["EventRule::fleet-checkpoints"]["eventPattern"])["detail"] == {
        "bucket": {"name": ["state"]},
        "object": {
            "key": [
                {"wildcard": ".pulumi/history/shop/*/*.checkpoint.json*"},
                {"wildcard": ".pulumi/history/books/prod/*.checkpoint.json*"},
            ]
        },
    }


def test_only_these_rules_may_send_to_the_queue(composed: Composed) -> None:
    (statement,) = json.loads(controller(composed)["QueuePolicy::fleet-hints"]["policy"])["Statement"]

    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnEquals": {
            "aws:SourceArn": [f"arn:of:fleet-{group}-1a2b3c4" for group in ("alarms", "checkpoints", "ticks")]
        }
    }


def test_messages_that_could_not_be_dealt_with_are_kept_and_ring(composed: Composed) -> None:
    inputs = controller(composed, alarm_topic_arns=["arn:aws:sns:::people"])

    queue = inputs["Queue::fleet-hints"]
    assert json.loads(queue["redrivePolicy"]) == {
        "deadLetterTargetArn": "arn:of:fleet-dead-letters-1a2b3c4",
        "maxReceiveCount": 10,
    }
    assert queue["fifoQueue"] is queue["contentBasedDeduplication"] is inputs["Queue::fleet-dead-letters"]["fifoQueue"]
    assert queue["visibilityTimeoutSeconds"] == HELD_SECONDS
    alarm = inputs["MetricAlarm::fleet-dead-letters"]
    assert alarm["dimensions"] == {"QueueName": "fleet-dead-letters-1a2b3c4"}
    assert alarm["alarmActions"] == ["arn:aws:sns:::people"]


def test_the_container_knows_its_queue_backend_and_stacks(composed: Composed) -> None:
    described = container(composed, state_prefix="/teams/a/", environment={"LOG": "on"})

    assert described["image"] == "registry/rollback-plugin:1"
    assert described["command"][0] == "worker"
    assert described["command"][-2:] == ["--stacks=shop/*", "--stacks=books/prod"]
    environment = {each["name"]: each["value"] for each in described["environment"]}
    assert environment["PULUMI_BACKEND_URL"] == "s3://state/teams/a"
    assert environment["AWS_REGION"] == "eu-central-1"
    assert environment["LOG"] == "on"
    assert "ROLLBACK_QUEUE_URL" in environment


def test_topics_hear_of_rollbacks_and_workers_may_publish_to_them_alone(composed: Composed) -> None:
    topics = ["arn:aws:sns:eu-central-1:123456789012:on-call", "arn:aws:sns:eu-central-1:123456789012:team.fifo"]
    described = container(composed, notify_topic_arns=topics)

    environment = {each["name"]: each["value"] for each in described["environment"]}
    assert environment["ROLLBACK_NOTIFY"] == f"sns:{topics[0]} sns:{topics[1]}"
    assert publishing(composed) == [{"Effect": "Allow", "Action": ["sns:Publish"], "Resource": topics}]


def test_without_topics_workers_may_publish_nowhere(composed: Composed) -> None:
    described = container(composed)

    assert publishing(composed) == []
    assert not {"ROLLBACK_NOTIFY", "OTEL_EXPORTER_OTLP_ENDPOINT"} & {each["name"] for each in described["environment"]}


def publishing(record: Composed) -> list[dict[str, Any]]:
    """What the workers' role says of SNS."""
    statements = json.loads(record.inputs["RolePolicy::fleet-worker"]["policy"])["Statement"]
    return [each for each in statements if any(action.startswith("sns:") for action in each["Action"])]


def test_webhooks_reach_the_worker_as_a_secret(composed: Composed) -> None:
    passphrase, webhooks = (f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}" for name in "pw")
    described = container(composed, passphrase_secret_arn=passphrase, notify_secret_arn=webhooks)

    assert {each["name"]: each["valueFrom"] for each in described["secrets"]} == {
        "PULUMI_CONFIG_PASSPHRASE": passphrase,
        "ROLLBACK_NOTIFY_SECRET": webhooks,
    }
    (statement,) = json.loads(composed.inputs["RolePolicy::fleet-start"]["policy"])["Statement"]
    assert statement["Resource"] == [passphrase, webhooks]


def test_logs_and_telemetry_are_what_the_arguments_say(composed: Composed) -> None:
    described = container(composed, log_format="json", otlp_endpoint="http://collector:4318")

    assert "--log-format=json" in described["command"]
    assert {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector:4318"} in described["environment"]


def test_a_worker_logs_no_steps_unless_that_is_wanted(composed: Composed) -> None:
    assert not any(part.startswith("--log-format") for part in container(composed)["command"])


def test_the_environment_goes_before_what_other_arguments_lead_to(composed: Composed) -> None:
    described = container(composed, otlp_endpoint="http://a", environment={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b"})

    assert {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://b"} in described["environment"]


def test_a_worker_is_given_time_to_finish_and_asked_whether_it_lives(composed: Composed) -> None:
    described = container(composed)

    assert described["stopTimeout"] == 120
    assert (
        described["command"][described["command"].index("--health-file") + 1] in described["healthCheck"]["command"][1]
    )


def test_the_passphrase_reaches_the_worker_as_a_secret_alone(composed: Composed) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:passphrase"
    described = container(composed, passphrase_secret_arn=arn)

    assert described["secrets"] == [{"name": "PULUMI_CONFIG_PASSPHRASE", "valueFrom": arn}]
    (statement,) = json.loads(composed.inputs["RolePolicy::fleet-start"]["policy"])["Statement"]
    assert statement == {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [arn]}


def test_workers_are_scaled_by_the_messages_that_wait(composed: Composed) -> None:
    inputs = controller(composed, minimum_workers=2, maximum_workers=40, messages_per_scaling=5)

    target = inputs["Target::fleet-worker"]
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 40)
    tracking = inputs["Policy::fleet-depth"]["targetTrackingScalingPolicyConfiguration"]
    assert tracking["targetValue"] == 5
    assert tracking["customizedMetricSpecification"]["dimensions"] == [
        {"name": "QueueName", "value": "fleet-hints-1a2b3c4"}
    ]


def test_the_buckets_notifications_are_left_alone_unless_that_is_wanted(composed: Composed) -> None:
    assert not any(name.startswith("BucketNotification") for name in controller(composed))

    assert controller(composed, notify_bucket=True)["BucketNotification::fleet-state"] == {
        "bucket": "state",
        "eventbridge": True,
    }


class TestWhatWorkersMayDo:
    def may(self, action: str, resource: str) -> bool:
        policy = worker_policy(
            bucket_arn="arn:aws:s3:::state",
            prefix="a/",
            stacks=["shop/*", "books/prod"],
            queue_arn="arn:aws:sqs:eu-central-1:123456789012:hints.fifo",
            kms_key_arns=[],
            topic_arns=[],
        )
        return any(
            action in statement["Action"] and any(fnmatchcase(resource, allowed) for allowed in statement["Resource"])
            for statement in policy["Statement"]
        )

    @pytest.mark.parametrize(
        ("action", "key"),
        [
            ("s3:PutObject", "a/.pulumi/stacks/shop/dev.json"),
            ("s3:PutObject", "a/.pulumi/stacks/shop/dev.json.gz"),
            ("s3:PutObject", "a/.pulumi/history/shop/dev/dev-1.checkpoint.json"),
            ("s3:DeleteObject", "a/.pulumi/locks/organization/shop/dev/lock.json"),
            ("s3:PutObject", "a/.rollback/stacks/books/prod/journal/00000001.json"),
            ("s3:PutObject", "a/.rollback/blobs/ab/abc"),
            ("s3:GetObject", "a/.rollback/trash/ab/abc/2026-03-01T12:00:00.000000Z"),
            ("s3:GetObject", "a/.pulumi/meta.yaml"),
        ],
    )
    def test_what_their_stacks_take(self, action: str, key: str) -> None:
        assert self.may(action, f"arn:aws:s3:::state/{key}")

    @pytest.mark.parametrize(
        ("action", "key"),
        [
            ("s3:GetObject", "a/.pulumi/stacks/books/dev.json"),
            ("s3:PutObject", "a/.pulumi/history/books/production/x.checkpoint.json"),
            ("s3:PutObject", "a/.rollback/stacks/other/dev/journal/00000001.json"),
            ("s3:DeleteObject", "a/.rollback/blobs/ab/abc"),
            ("s3:DeleteObject", "a/.rollback/trash/ab/abc/2026-03-01T12:00:00.000000Z"),
            ("s3:PutObject", "a/.pulumi/meta.yaml"),
            ("s3:PutObject", ".pulumi/stacks/shop/dev.json"),
            ("s3:DeleteBucket", ""),
        ],
    )
    def test_nothing_beside_them(self, action: str, key: str) -> None:
        assert not self.may(action, f"arn:aws:s3:::state/{key}")

    def test_consumers_of_their_services_and_no_others(self) -> None:
        functions = "arn:aws:lambda:eu-central-1:123456789012:function:"
        assert self.may("lambda:UpdateAlias", f"{functions}books-prod-orders")
        assert not self.may("lambda:UpdateAlias", f"{functions}books-dev-orders")
        assert not self.may("lambda:UpdateFunctionCode", f"{functions}books-prod-orders")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stacks": []}, "stacks names none"),
        ({"stacks": ["shop"]}, "'shop' in stacks is no pattern <project>/<stack>"),
        ({"stacks": ["shop/dev/x"]}, "no pattern <project>/<stack>"),
        ({"log_format": "xml"}, "log_format is 'xml'. Write json or text"),
        ({"minimum_workers": 5, "maximum_workers": 4}, "minimum_workers is 5, and maximum_workers 4"),
        ({"minimum_workers": -1}, "minimum_workers is -1"),
    ],
)
def test_arguments_that_can_not_be_used_are_refused_before_anything_is_registered(
    composed: Composed, change: Any, message: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=f'RollbackController "fleet": .*{message}'):
        controller(composed, **change)
    assert composed.order == []


def test_the_component_can_be_described_as_a_package_for_other_languages() -> None:
    described = Analyzer("rollback-plugin").analyze([RollbackController])

    component = described["component_definitions"]["RollbackController"]
    assert set(component.inputs_mapping.values()) == set(RollbackControllerArgs.__annotations__)
    assert set(component.outputs) == {
        "queueUrl",
        "deadLetterQueueUrl",
        "deadLetterAlarmName",
        "taskDefinitionArn",
        "workerRoleName",
    }
    assert all(each.description for each in [*component.inputs.values(), *component.outputs.values()])
