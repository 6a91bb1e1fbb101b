"""Examples of https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, and their edges."""

import json

import pytest

from rollback_plugin.embedded.cloudwatch.filter_pattern import (
    UnsupportedPattern,
    numeric_field,
    parse_filter_pattern,
    text_field,
)


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR] A fatal exception has occurred", True),
        ("ERROR", "Exiting with ERRORCODE: -1", True),
        ("ERROR", "error", False),
        ('"ERROR" -"Exiting"', "Exiting with ERRORCODE: -1", False),
        ("ERROR -Exiting", "[ERROR] caught", True),
        ("ERROR Exception", "[ERROR] Unhandled Exception", True),
        ("ERROR Exception", "[ERROR] caught", False),
        ("Failed to process the request", "[ERROR] Unable to continue: Failed to process the request", True),
        ('"Task timed out"', "2024 Task timed out after 3.00 seconds", True),
        ('"Task timed out"', "timed out: Task", False),
        (r'"a \"quoted\" word"', 'with a "quoted" word', True),
        ("?ERROR ?WARN", "ERROR message", True),
        ("?ERROR ?WARN", "WARN message", True),
        ("?ERROR ?WARN", "INFO message", False),
        ("ERROR -WARN", "ERROR WARN message", False),
        ("-WARN", "INFO message", True),
    ],
)
def test_terms(pattern: str, message: str, matches: bool) -> None:
    assert parse_filter_pattern(pattern)(message) is matches


DOCUMENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "latency": 250.5,
    "errorCode": 400,
    "nested": {"level": "error"},
}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ("{$.eventType=Update*}", True),
        ("{ $.eventType = *Trail }", True),
        ('{ $.eventType = "*dateT*" }', True),
        ("{ $.eventType = * }", True),
        ("{ $.eventType = GetTrail }", False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress != 111.111.* }", False),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[2] = "value" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[1].id = 3 }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.ThisFlag IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.eventType EXISTS }", True),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.latency >= 250.5 }", True),
        ("{ $.latency > 250.5 }", False),
        ("{ $.latency < 10e3 }", True),
        ("{ $.latency <= +100 }", False),
        ("{ $.errorCode = 400 }", True),
        ("{ $.errorCode != 400 }", False),
        ("{ $.missing > 1 }", False),
        ("{ $.missing != x }", False),
        ("{ $.arrayKey != 1 }", False),  # a selector must point at a value
        ('{ $.nested.level = "error" }', True),
        ('{ ($.errorCode = 400) && ($.nested.level = "error") }', True),
        ("{ ($.errorCode = 2 && $.latency > 1) || $.ThisFlag IS TRUE }", True),
        ("{ $.errorCode = 400 || $.latency = nonmatch && $.eventType = nomatch }", True),
        ("{ ($.errorCode = 400 || $.latency = nonmatch) && $.eventType = nomatch }", False),
    ],
)
def test_json_conditions(pattern: str, matches: bool) -> None:
    assert parse_filter_pattern(pattern)(json.dumps(DOCUMENT)) is matches


@pytest.mark.parametrize("message", ["plain text", '{"broken', '"a string"', "12"])
def test_json_conditions_never_match_messages_that_are_not_json_objects(message: str) -> None:
    assert parse_filter_pattern("{ $.level NOT EXISTS }")(message) is False


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user, ...]",
        "%ERROR%",
        "ERROR:",
        "ERROR ?WARN",
        "{ $.a }",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $.a = 1",
        "{ ($.a = 1 }",
        "{ $.a IS SOMETHING }",
        "{ $.a > text }",
        "{ $.a = 1 $.b = 2 }",
        "{ $.a = %regular% && }",
    ],
)
def test_what_is_not_imitated_is_refused_with_the_pattern(pattern: str) -> None:
    with pytest.raises(UnsupportedPattern) as refused:
        parse_filter_pattern(pattern)
    assert repr(pattern) in str(refused.value)


def test_fields_of_a_message() -> None:
    message = json.dumps(DOCUMENT)

    assert numeric_field("$.latency", message) == 250.5
    assert numeric_field("$.objectList[1].id", message) == 2.0
    assert numeric_field("$.eventType", message) is None
    assert numeric_field("$.ThisFlag", message) is None
    assert numeric_field("$.latency", "not JSON") is None
    assert text_field("$.eventType", message) == "UpdateTrail"
    assert text_field("$.arrayKey", message) is None
