"""When a composite alarm's rule holds."""

import pytest

from rollback_plugin.embedded.cloudwatch.alarm_evaluation import AlarmState
from rollback_plugin.embedded.cloudwatch.composite_rule import InvalidRule, rule_holds

STATES = {
    "ringing": AlarmState.ALARM,
    "also ringing": AlarmState.ALARM,
    "fine": AlarmState.OK,
    "silent": AlarmState.INSUFFICIENT_DATA,
}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("TRUE", True),
        ("FALSE", False),
        ("ALARM(ringing)", True),
        ('ALARM("also ringing")', True),
        ("ALARM(arn:aws:cloudwatch:eu-central-1:111122223333:alarm:ringing)", True),
        ("ALARM(fine)", False),
        ("ALARM(silent)", False),
        ("OK(fine)", True),
        ("OK(ringing)", False),
        ("INSUFFICIENT_DATA(silent)", True),
        ("INSUFFICIENT_DATA(fine)", False),
        ("ALARM(ringing) AND ALARM(fine)", False),
        ('ALARM(ringing) AND ALARM("also ringing")', True),
        ("ALARM(ringing) OR ALARM(fine)", True),
        ("ALARM(fine) OR ALARM(silent)", False),
        ("NOT ALARM(fine)", True),
        ("NOT NOT ALARM(fine)", False),
        ("NOT ALARM(fine) AND ALARM(silent)", False),
        ("NOT (ALARM(fine) AND ALARM(silent))", True),
        ("ALARM(ringing) AND NOT ALARM(fine)", True),
        ("(ALARM(ringing) OR ALARM(fine)) AND OK(fine)", True),
        ("ALARM(ringing) OR ALARM(fine) AND FALSE", True),
        ("(ALARM(ringing) OR ALARM(fine)) AND FALSE", False),
        ('AT_LEAST(2, ALARM, (ringing, "also ringing", fine))', True),
        ("AT_LEAST(2, ALARM, (ringing, fine, silent))", False),
        ('AT_LEAST(50%, ALARM, (ringing, "also ringing", fine, silent))', True),
        ('AT_LEAST(51%, ALARM, (ringing, "also ringing", fine, silent))', False),
        ("AT_LEAST(1, NOT OK, (fine, silent))", True),
        ("AT_LEAST(2, NOT OK, (fine, silent))", False),
    ],
)
def test_a_rule(rule: str, holds: bool) -> None:
    assert rule_holds(rule, STATES) is holds


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "ALARM()",
        "ALARM(ringing",
        "ALARM(ringing) ALARM(fine)",
        "ALARM(nobody)",
        "AND ALARM(ringing)",
        "RINGING(ringing)",
        "AT_LEAST(x, ALARM, (ringing))",
        'ALARM("ringing',
    ],
)
def test_what_is_no_rule_is_refused_by_name(rule: str) -> None:
    with pytest.raises(InvalidRule, match="composite alarm rule"):
        rule_holds(rule, STATES)
