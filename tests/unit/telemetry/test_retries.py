"""A retry is logged by the kind of its error: arguments and words may hold anything."""

from stamina.instrumentation import RetryDetails

from rollback_plugin.telemetry.retries import retry_log
from tests.unit.telemetry.told import Lines


def test_a_retry_is_told_without_arguments_and_words() -> None:
    lines = Lines()
    retry_log(lines)(
        RetryDetails(
            name="put_object",
            args=("hunter2",),
            kwargs={"key": "hunter2"},
            retry_num=2,
            wait_for=0.25,
            waited_so_far=0.1,
            caused_by=TimeoutError("hunter2"),
        )
    )

    assert lines.told == [
        ("retrying", {"call": "put_object", "attempt": 2, "wait_seconds": 0.25, "error": "TimeoutError"})
    ]
