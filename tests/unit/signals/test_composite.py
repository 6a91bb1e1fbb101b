"""Which alarms a composite alarm's rule wants to ring."""

import pytest

from rollback_plugin.signals.composite import alarms_that_ring_it


@pytest.mark.parametrize(
    ("rule", "rung_by"),
    [
        ("ALARM(errors)", ["errors"]),
        ('ALARM("errors of orders")', ["errors of orders"]),
        (r'ALARM("the \"best\" alarm")', ['the "best" alarm']),
        ('ALARM("arn:aws:cloudwatch:eu-central-1:111122223333:alarm:errors")', ["errors"]),
        ("ALARM(errors) AND ALARM(latency)", ["errors", "latency"]),
        ("(ALARM(errors) OR ALARM(latency)) AND OK(network)", ["errors", "latency"]),
        ("ALARM(errors) AND NOT ALARM(maintenance)", ["errors"]),
        ("ALARM(errors) AND NOT (ALARM(maintenance) OR ALARM(deploying))", ["errors"]),
        ("NOT (NOT ALARM(errors))", ["errors"]),
        ("NOT OK(errors)", ["errors"]),
        ("OK(errors)", []),
        ("NOT (OK(errors) AND NOT ALARM(latency))", ["errors", "latency"]),
        ("ALARM(errors) OR ALARM(errors)", ["errors"]),
        ("INSUFFICIENT_DATA(heartbeat)", []),
        ("TRUE", []),
        ("AT_LEAST(2, ALARM, (a, \"b b\", c)) OR ALARM(d)", ["a", "b b", "c", "d"]),
        ("AT_LEAST(50%, NOT OK, (a, b))", ["a", "b"]),
        ("NOT AT_LEAST(50%, ALARM, (a, b)) AND ALARM(c)", ["c"]),
        ("ALARM(NOT-an-operator) AND ALARM(ALARM)", ["NOT-an-operator", "ALARM"]),
    ],
)  # fmt: skip
def test_alarms_that_ring_a_composite(rule: str, rung_by: list[str]) -> None:
    assert list(alarms_that_ring_it(rule)) == rung_by
