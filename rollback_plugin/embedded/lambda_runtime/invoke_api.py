"""The Invoke API: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

import json
import threading
from dataclasses import dataclass

from rollback_plugin.embedded.lambda_runtime.runtime import Invocation, LambdaRuntime, NoSuchFunction


@dataclass(frozen=True)
class ApiResponse:
    """An HTTP response of the Invoke API."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def invoke(
    runtime: LambdaRuntime, function_name: str, qualifier: str | None, invocation_type: str, body: bytes
) -> ApiResponse:
    """Invoke a function.

    `invocation_type` RequestResponse waits for the answer; Event answers 202 at once and the function runs on its own
    (without the retries AWS makes). DryRun is refused.
    """
    try:
        event = json.loads(body) if body else {}
    except ValueError as cause:
        return _error(400, "InvalidRequestContentException", f"Could not parse request body into json: {cause}")
    if invocation_type not in ("RequestResponse", "Event"):
        return _error(400, "InvalidParameterValueException", f"invocation type {invocation_type} is not imitated")
    try:
        if invocation_type == "Event":
            runtime.require(function_name, qualifier)
            threading.Thread(
                target=runtime.invoke, args=(function_name, qualifier, lambda _request_id: event), daemon=True
            ).start()
            return ApiResponse(202, (), b"")
        invocation = runtime.invoke(function_name, qualifier, lambda _request_id: event)
    except NoSuchFunction as missing:
        return function_not_found(missing)
    headers = (("Content-Type", "application/json"), *invocation_headers(invocation))
    return ApiResponse(200, headers, json.dumps(invocation.value).encode())


def function_not_found(missing: NoSuchFunction) -> ApiResponse:
    return _error(404, "ResourceNotFoundException", f"Function not found: {missing}")


def invocation_headers(invocation: Invocation) -> tuple[tuple[str, str], ...]:
    """What says how the invocation went: the version that ran, and whether it failed."""
    headers = (("X-Amz-Executed-Version", invocation.executed_version), ("X-Amzn-RequestId", invocation.request_id))
    return (*headers, ("X-Amz-Function-Error", "Unhandled")) if invocation.failed else headers


def _error(status: int, error_type: str, message: str) -> ApiResponse:
    headers = (("Content-Type", "application/json"), ("X-Amzn-ErrorType", error_type))
    return ApiResponse(status, headers, json.dumps({"Type": "User", "Message": message}).encode())
