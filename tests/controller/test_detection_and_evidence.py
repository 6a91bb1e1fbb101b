"""What is said of a deploy's alarms before the incident, and what is kept of it after it: real engine, real alarms."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from rollback_plugin.controller.beside import answered
from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.journal.entries import Detection, EvidenceKept
from rollback_plugin.signals.evidence import Evidence
from rollback_plugin.stored import read
from tests.controller.platform import Platform
from tests.unit.signals.simulated import rings_within

pytestmark = pytest.mark.engine


def test_a_deploys_alarms_are_weighed_before_the_incident_and_the_evidence_is_kept_after(platform: Platform) -> None:
    # Given an hour of 2 requests a second, and a stack with a secret that happens to stand in its log
    requests_arrived(platform, per_second=2)
    platform.orders.pulumi("config", "set", "--secret", "partner", "KeyError")

    # When version 2 is deployed
    platform.deploy(2, bakeSeconds=300)

    # Then it is said what its alarms see, and CloudWatch's evaluation sees it
    found = answered(platform.controller().detection)
    assert isinstance(found, Detection)
    assert len(found.alarms) == 2
    for power in found.alarms:
        assert power.sight is Sight.SEES, power
        assert seen_in_time(platform, power) >= 36  # of 40; 95 % are expected
    assert platform.controller().status().version(2).detection == found

    # When it fails, and is rolled back
    assert platform.send_requests(5, "GBP") == {502: 5}
    platform.watch_until(lambda status: status.applied == 1 and status.operation is None, currency="GBP")
    studies = [answered(study) for study in platform.controller().studies]

    # Then what that rested on was kept, without the secret
    assert [type(each) for each in studies if each is not None] == [EvidenceKept]
    evidence = read(shown_by_command(platform).encode(), Evidence)
    assert evidence.lacking == ()
    assert evidence.version == 2
    assert any("to ALARM" in item.summary for alarm in evidence.alarms for item in alarm.history)
    assert all(alarm.values for alarm in evidence.alarms)
    (excerpt,) = [excerpt for alarm in evidence.alarms for excerpt in alarm.log]
    assert excerpt.pattern == '{ $.level = "error" }'
    assert 5 <= len(excerpt.lines) <= 50
    assert {json.loads(line.message)["error"] for line in excerpt.lines} == {"[secret]"}
    requests = {each.version: each.requests for each in evidence.requests}
    assert requests[2] >= 5


def requests_arrived(platform: Platform, per_second: int) -> None:
    """Put what Lambda and the log would have told of the last hour."""
    cloudwatch = platform.aws.client("cloudwatch")
    dimensions = [
        {"Name": "FunctionName", "Value": platform.function_name},
        {"Name": "Resource", "Value": f"{platform.function_name}:live"},
    ]
    now = datetime.now(UTC)
    for minutes in range(1, 60):
        for name, count in (("Invocations", 60 * per_second), ("Errors", 0)):
            cloudwatch.put_metric_data(
                Namespace="AWS/Lambda",
                MetricData=[
                    {
                        "MetricName": name,
                        "Dimensions": dimensions,  # type: ignore[typeddict-item]
                        "Timestamp": now - timedelta(minutes=minutes),
                        "Value": count,
                    }
                ],
            )
    platform.send_requests(3)


def seen_in_time(platform: Platform, power: AlarmPower) -> int:
    """In how many of 40 runs the alarm, as it was deployed, rings in time after the rise it is said to see."""
    (alarm,) = platform.controller().alarm_source().read([power.alarm])
    assert alarm.definition is not None
    assert power.rise_points is not None
    assert power.within_seconds is not None
    return sum(
        rings_within(alarm.definition, 2, power.rise_points / 100, power.within_seconds, seed) for seed in range(40)
    )


def shown_by_command(platform: Platform) -> str:
    command = [sys.executable, "-m", "rollback_plugin.cli", "evidence", "--output", "json"]
    environment = {**platform.orders.environment, "PULUMI_STACK": platform.orders.stack}
    run = subprocess.run(
        command, cwd=platform.orders.folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
