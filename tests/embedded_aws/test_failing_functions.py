"""Whatever a function does, the caller gets an answer and the next invocation a working function."""

import os
import subprocess

import httpx
import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.embedded_aws.functions import deploy, log_messages, wait_for

pytestmark = pytest.mark.embedded

DOES_AS_TOLD = """
    import logging, os, signal, subprocess, sys, time

    def handler(event, context):
        what = event["rawPath"].strip("/")
        if what == "fail":
            raise KeyError("order")
        if what == "hang":
            subprocess.Popen(["sleep", "600"])
            print("hanging with", os.getpid())
            time.sleep(600)
        if what == "exit":
            sys.exit(3)
        if what == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if what == "unserializable":
            return {1, 2}
        if what == "malformed":
            return {"statusCode": 200, "body": {"not": "a string"}}
        if what == "large":
            return {"statusCode": 200, "body": "x" * 1_000_000}
        if what == "log":
            print("printed, line 1\\nline 2", end="")
            sys.stderr.writelines(["to stderr\\n"])
            logging.getLogger().warning("warned")
            subprocess.run(["echo", "from a child process"])
        return "fine"
"""


def get(url: str, path: str) -> httpx.Response:
    return httpx.get(f"{url}/{path}", trust_env=False, timeout=30)


@pytest.mark.parametrize(
    ("path", "error_type", "message"),
    [
        ("fail", "KeyError", "'order'"),
        ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("crash", "Runtime.ExitError", "Runtime exited with error: signal: SIGSEGV"),
        ("unserializable", "Runtime.MarshalError", "Object of type set is not JSON serializable"),
        ("hang", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        ("malformed", "Function.MalformedResponse", "body is a dict, not a string"),
    ],
)
def test_a_failure_is_answered_with_502_and_says_what_it_was(
    aws: EmbeddedAws, path: str, error_type: str, message: str
) -> None:
    url = deploy(aws, f"failing-{path}", DOES_AS_TOLD, timeout_seconds=1)

    answer = get(url, path)

    error = answer.json()
    assert (answer.status_code, error["errorType"]) == (502, error_type)
    assert message in error["errorMessage"]
    assert answer.headers["X-Amz-Executed-Version"] == "1"
    after = get(url, "")
    assert (after.status_code, after.json()) == (200, "fine")


def test_the_error_of_an_exception_has_its_stack(aws: EmbeddedAws) -> None:
    url = deploy(aws, "stack", DOES_AS_TOLD)

    answer = get(url, "fail")

    assert answer.headers["X-Amz-Function-Error"] == "Unhandled"
    frames = answer.json()["stackTrace"]
    assert len(frames) == 1
    assert "in handler" in frames[0]
    assert 'raise KeyError("order")' in frames[0]


def test_a_timeout_ends_the_function_and_what_it_started(aws: EmbeddedAws) -> None:
    url = deploy(aws, "hanging", DOES_AS_TOLD, timeout_seconds=1)

    assert get(url, "hang").status_code == 502

    line = wait_for(
        lambda: next((m for m in log_messages(aws, "hanging") if m.startswith("hanging with")), None),
        "the function's log",
    )
    group = int(line.split()[-1])
    wait_for(lambda: not _alive_in_group(group), "the end of the function's process group")


def _alive_in_group(group: int) -> list[str]:
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [row[-1] for row in rows if int(row[0]) == group and not row[1].startswith("Z")]


def test_other_requests_are_served_while_one_hangs(aws: EmbeddedAws) -> None:
    url = deploy(aws, "beside", DOES_AS_TOLD, timeout_seconds=2)
    with httpx.Client(trust_env=False, timeout=30) as http, pytest.raises(httpx.ReadTimeout):
        http.get(f"{url}/hang", timeout=0.3)  # the caller gives up; the function goes on

    assert get(url, "").json() == "fine"


@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        ("import no_such_module", "Runtime.ImportModuleError", "Unable to import module 'app': No module named"),
        ("def other(event, context): pass", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("raise RuntimeError('no database')", "RuntimeError", "no database"),
        ("import sys; sys.exit(1)", "Runtime.ExitError", "exit status 1"),
    ],
)
def test_code_that_does_not_load_fails_each_invocation(
    aws: EmbeddedAws, source: str, error_type: str, message: str
) -> None:
    name = f"not-loading-{error_type.replace('.', '-')}"
    url = deploy(aws, name, source)

    for _ in range(2):
        error = get(url, "").json()
        assert error["errorType"] == error_type
        assert message in error["errorMessage"]


def test_other_runtimes_are_refused_by_name(aws: EmbeddedAws) -> None:
    url = deploy(aws, "node", "x", runtime="nodejs20.x")

    answer = get(url, "")

    assert answer.status_code == 502
    assert "nodejs20.x" in answer.json()["errorMessage"]


def test_a_large_answer_arrives_whole(aws: EmbeddedAws) -> None:
    assert len(get(deploy(aws, "large", DOES_AS_TOLD), "large").content) == 1_000_000


def test_what_a_function_writes_is_in_its_log_group_between_start_and_end(aws: EmbeddedAws) -> None:
    url = deploy(aws, "logging", DOES_AS_TOLD)
    get(url, "log")
    get(url, "fail")

    messages = wait_for(lambda: _complete(log_messages(aws, "logging"), reports=2), "the logs of two invocations")

    first = messages[: [m.startswith("REPORT") for m in messages].index(True) + 1]
    assert first[0].startswith("START RequestId: ")
    assert first[0].endswith(" Version: 1")
    assert "printed, line 1" in first
    assert "from a child process" in messages
    assert any(message.endswith("to stderr") for message in first)
    assert any("[WARNING]" in m and m.endswith("\twarned") for m in first)
    assert "Init Duration" in first[-1]
    failed = messages[len(first) :]
    assert any(m.startswith("[ERROR] KeyError: 'order'\nTraceback (most recent call last):\n") for m in failed)
    assert failed[-1].startswith("REPORT RequestId: ")
    assert "Init Duration" not in failed[-1]


def _complete(messages: list[str], reports: int) -> list[str] | None:
    return messages if sum(message.startswith("REPORT") for message in messages) == reports else None


def test_a_function_reaches_the_embedded_aws_and_sees_nothing_of_the_users_environment(aws: EmbeddedAws) -> None:
    source = """
        import boto3, os
        def handler(event, context):
            boto3.client("s3").create_bucket(Bucket="made-by-a-function")
            return dict(os.environ)
    """
    url = deploy(aws, "reaching", source, timeout_seconds=30, environment={"MINE": "yes"})

    seen: dict[str, str] = get(url, "").json()

    assert [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]] == ["made-by-a-function"]
    assert seen["AWS_ENDPOINT_URL"] == aws.endpoint_url
    assert seen["MINE"] == "yes"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "reaching"
    assert "HOME" in os.environ
    assert "HOME" not in seen
