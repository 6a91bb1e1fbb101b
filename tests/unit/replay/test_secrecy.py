"""What became secret since a version was recorded is secret in what its replay puts together."""

from typing import Any

import pytest

from rollback_plugin.replay.property_values import secret
from rollback_plugin.replay.relink import live_outputs, table_of
from rollback_plugin.replay.secrecy import as_secret_as_live

ARN = "arn:aws:sqs:jobs"
TABLE = table_of(
    [
        live_outputs(
            "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs",
            {"arn": ARN, "url": "https://sqs/1/jobs", "token": secret("always-secret"), "size": "1"},
            {"arn": secret(ARN), "url": "https://sqs/1/jobs", "token": secret("always-secret"), "size": secret("1")},
            {},
            known=True,
        )
    ]
)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        pytest.param(ARN, secret(ARN), id="the output itself"),
        pytest.param(f'{{"to":"{ARN}"}}', secret(f'{{"to":"{ARN}"}}'), id="a text it stands in"),
        pytest.param({"to": [ARN, "x"], "n": 1}, {"to": [secret(ARN), "x"], "n": 1}, id="that place alone"),
        pytest.param(secret({"to": ARN}), secret({"to": ARN}), id="a secret is marked once"),
        pytest.param("https://sqs/1/jobs", "https://sqs/1/jobs", id="another output"),
        pytest.param("always-secret", "always-secret", id="equal by chance to what always was secret"),
        pytest.param("1", "1", id="too short to be recognised"),
    ],
)
def test_a_value_is_as_secret_as_the_live_output_in_it(recorded: Any, expected: Any) -> None:
    assert as_secret_as_live(recorded, TABLE) == expected
