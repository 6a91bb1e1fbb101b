"""The documented reason codes are those there are."""

import re
from pathlib import Path

from rollback_plugin.journal.entries import ReasonCode
from tests.unit.controller.test_attribution import WEIGHED
from tests.unit.controller.test_decide import CASES
from tests.unit.controller.test_permission import PERMISSIONS

TABLE = Path(__file__).parents[3] / "docs" / "reason-codes.md"
ROWS = re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", TABLE.read_text(), flags=re.MULTILINE)


def test_the_table_has_every_code_once_and_no_other() -> None:
    codes = [code for code, _ in ROWS]

    assert sorted(codes) == sorted(code.value for code in ReasonCode)


def test_the_table_names_every_action_that_is_decided_for_a_code() -> None:
    documented = {code: {action.strip() for action in actions.split(",")} for code, actions in ROWS}

    for case in [*CASES, *WEIGHED, *PERMISSIONS]:
        action = {"ROLL_BACK": "roll back", "NOT_HELPED": "recover"}.get(case.action.value, case.action.value.lower())
        assert action in documented[case.reason.value], case
