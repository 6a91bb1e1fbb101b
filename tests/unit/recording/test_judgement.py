"""What the stack's config asks for, however it was written."""

import pytest

from rollback_plugin.recording.judgement import judgement
from rollback_plugin.versions.version import ConfigValue


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        (ConfigValue(value='["a", "b"]', object=True), ("a", "b")),
        (ConfigValue(value='["a", "b"]'), ("a", "b")),
        (ConfigValue(value="- a\n- b\n"), ("a", "b")),
        (ConfigValue(value="errors of orders"), ("errors of orders",)),
        (ConfigValue(value='["a", "a"]'), ("a",)),
        (ConfigValue(value="[]"), ()),
    ],
)
def test_alarms_are_named_in_any_of_the_usual_ways(alarms: ConfigValue, expected: tuple[str, ...]) -> None:
    found = judgement((), {"rollback:alarms": alarms})

    assert (found.alarms, found.warnings) == (expected, ())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rollback:alarms", ConfigValue(value='{"a": 1}', object=True)),
        ("rollback:alarms", ConfigValue(value="[1, 2")),
        ("rollback:alarms", ConfigValue(value="[[]]")),
        ("rollback:alarms", ConfigValue(value="v1:cipher", secret=True)),
        ("rollback:bakeSeconds", ConfigValue(value="soon")),
        ("rollback:bakeSeconds", ConfigValue(value="-1")),
    ],
)
def test_what_can_not_be_read_is_said_without_its_value(key: str, value: ConfigValue) -> None:
    found = judgement((), {key: value})

    assert (found.alarms, found.bake_seconds) == ((), 0)
    assert key in found.warnings[0]
    assert value.value not in found.warnings[0]


def test_nothing_asked_for_is_nothing_to_wait_for() -> None:
    found = judgement((), {})

    assert (found.alarms, found.bake_seconds, found.warnings) == ((), 0, ())
