"""Retries of what fails in passing, as log lines."""

from stamina.instrumentation import RetryDetails, RetryHook

from rollback_plugin.telemetry.log import Log


def retry_log(log: Log) -> RetryHook:
    """A hook for stamina: which call is tried again, when and after which kind of error; not with which arguments."""

    def tell(details: RetryDetails) -> None:
        log.warning(
            "retrying",
            call=details.name,
            attempt=details.retry_num,
            wait_seconds=round(details.wait_for, 3),
            error=type(details.caused_by).__name__,
        )

    return tell
