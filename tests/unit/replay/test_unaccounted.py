"""Values worked out from outputs that changed: where that can't be seen, nobody knows what they would be now."""

import pytest

from rollback_plugin.replay.property_values import UNKNOWN, Value
from rollback_plugin.replay.relink import LiveOutput, OutputTable
from rollback_plugin.replay.unaccounted import unaccounted
from tests.unit.replay.resources import QUEUE, urn

URL, NEW_URL = "https://sqs/jobs-1234567", "https://sqs/jobs-7654321"


def output(name: str, recorded: str | float, live: Value, *, passed_through: bool = False) -> LiveOutput:
    return LiveOutput(urn(QUEUE, "jobs"), (name,), recorded, live, passed_through)


REPLACED = (output("id", URL, NEW_URL), output("url", URL, NEW_URL), output("arn", "arn:jobs-1234567", UNKNOWN))


def whys(value: Value, *outputs: LiveOutput) -> list[str]:
    return [conflict.why for conflict in unaccounted(("value",), value, OutputTable(outputs))]


@pytest.mark.parametrize("text", [URL.upper(), "5d41402abc4b2a76", "jobs", 24, {"length": 24}])
def test_nothing_is_to_be_seen_of_a_replaced_resource(text: Value) -> None:
    (why,) = whys(text, *REPLACED)

    assert "was worked out from" in why
    assert "::jobs" in why


@pytest.mark.parametrize("text", [URL, f"at {URL}!", {"a": "unrelated", "b": f"{URL}/x"}])
def test_an_output_that_is_to_be_seen_accounts_for_the_value(text: Value) -> None:
    assert whys(text, *REPLACED) == []


def test_a_value_that_shows_an_unchanged_output_was_worked_out_from_that() -> None:
    assert whys("region-of-jobs", *REPLACED, output("place", "region-of-jobs", "region-of-jobs")) == []


def test_what_aws_counts_up_is_no_reason_to_mistrust_a_value() -> None:
    assert whys("HASH-OF-CODE", output("lastModified", "2026-01-01T00:00", "2026-01-02T00:00")) == []


def test_a_given_value_that_changed_may_be_in_what_was_worked_out_from_it() -> None:
    assert whys("FIRST WORDS", output("value", "first words", "second words", passed_through=True)) != []


@pytest.mark.parametrize(("text", "held"), [("v1", True), ("v12", False), ("1", False), ("x-1.0", True)])
def test_a_short_output_that_changed_may_stand_in_a_text(text: str, held: bool) -> None:
    assert any("may hold version" in why for why in whys(text, output("version", "1", "2"))) is held


def test_a_number_stands_in_a_text_as_programs_write_it() -> None:
    assert whys("v3", output("version", 3.0, 4.0)) != []


def test_without_a_change_nothing_is_asked() -> None:
    assert whys("anything", output("id", URL, URL)) == []
