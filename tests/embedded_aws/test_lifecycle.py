"""Each EmbeddedAws is on its own, and nothing of it is left."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import httpx
import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import EmbeddedError
from tests.embedded_aws.functions import deploy, log_messages, wait_for

pytestmark = pytest.mark.embedded

TELLS_ITS_PROCESSES = """
    import os
    def handler(event, context):
        return {"worker": os.getpid(), "server": os.getppid()}
"""


def running(process_id: int) -> bool:
    """Whether a process is there and not just waiting to be reaped."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


def test_two_at_once_share_nothing() -> None:
    with EmbeddedAws() as one, EmbeddedAws(region="eu-central-1") as other:
        one_url = deploy(one, "same-name", "def handler(event, context): return 'one'")
        other_url = deploy(other, "same-name", "def handler(event, context): return 'other'")
        one.client("s3").create_bucket(Bucket="only-in-one")

        assert httpx.get(one_url, trust_env=False).json() == "one"
        assert httpx.get(other_url, trust_env=False).json() == "other"
        assert other.client("s3").list_buckets()["Buckets"] == []
        arn = other.client("lambda").get_function(FunctionName="same-name")["Configuration"]["FunctionArn"]
        assert arn.split(":")[3] == "eu-central-1"


def test_leaving_the_block_ends_all_processes_and_removes_the_scratch_folder() -> None:
    with EmbeddedAws() as aws:
        processes = httpx.get(deploy(aws, "f", TELLS_ITS_PROCESSES), trust_env=False).json()
        scratch = aws.scratch
        assert all(running(process_id) for process_id in processes.values())

    assert not any(running(process_id) for process_id in processes.values())
    assert not scratch.exists()
    with pytest.raises(EmbeddedError, match="not running"):
        _ = aws.endpoint_url


BUSY = """
    import json, os, subprocess, time
    def handler(event, context):
        child = subprocess.Popen(["sleep", "600"])
        print(json.dumps({"worker": os.getpid(), "child": child.pid, "server": os.getppid()}))
        time.sleep(600)
"""


def busy_processes(aws: EmbeddedAws) -> dict[str, int]:
    """Starts an invocation that goes on for minutes. The processes that take part."""
    deploy(aws, "busy", BUSY, timeout_seconds=600)
    aws.client("lambda").invoke(FunctionName="busy", Qualifier="live", InvocationType="Event")
    told = wait_for(lambda: [m for m in log_messages(aws, "busy") if m.startswith("{")], "the busy function's log")
    processes: dict[str, int] = json.loads(told[0])
    assert all(running(process_id) for process_id in processes.values())
    return processes


def test_leaving_the_block_in_the_middle_of_an_invocation_ends_it() -> None:
    with EmbeddedAws() as aws:
        processes = busy_processes(aws)

    assert not any(running(process_id) for process_id in processes.values())


def test_a_killed_server_takes_its_functions_and_what_they_started_with_it() -> None:
    with EmbeddedAws() as aws:
        processes = busy_processes(aws)

        os.kill(processes["server"], signal.SIGKILL)

        wait_for(lambda: not any(running(process_id) for process_id in processes.values()), "the end of all processes")


PARENT_PROGRAM = """
import json, sys
from rollback_plugin.embedded import EmbeddedAws
from tests.embedded_aws.test_lifecycle import busy_processes
with EmbeddedAws() as aws:
    print(json.dumps({"processes": busy_processes(aws), "scratch": str(aws.scratch)}), flush=True)
    sys.stdin.read()
"""


def test_a_killed_parent_leaves_no_process_and_its_folder_goes_with_the_next_start() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT_PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with parent:
        assert parent.stdout is not None
        told = json.loads(parent.stdout.readline())
        processes = told["processes"].values()
        assert all(running(process_id) for process_id in processes)

        parent.send_signal(signal.SIGKILL)
        parent.wait()

    wait_for(lambda: not any(running(process_id) for process_id in processes), "the end of all processes")
    with EmbeddedAws():
        assert not Path(told["scratch"]).exists()


def test_the_users_own_aws_settings_are_neither_read_nor_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    poisoned = tmp_path / "config"
    poisoned.write_text("this is no configuration file\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(poisoned))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(poisoned))
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALKEY")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    with EmbeddedAws() as aws:
        aws.client("s3").create_bucket(Bucket="bucket")
        program = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
        child = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **aws.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (child.stdout, child.stderr) == ("bucket\n", "")


def test_the_environment_alone_is_enough_for_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "internal.example")
    with EmbeddedAws(region="eu-west-1") as aws:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        client = boto3.session.Session().client("sqs")

        assert client.create_queue(QueueName="q")["QueueUrl"].startswith(aws.endpoint_url)
        assert aws.environment["ROLLBACK_EMBEDDED_LAMBDA_URL"] == aws.lambda_url
        assert aws.environment["NO_PROXY"] == "internal.example,127.0.0.1,localhost"
        assert list((Path(aws.environment["PULUMI_HOME"]) / "plugins").glob("resource-aws-v*/pulumi-resource-aws"))


def test_entering_twice_is_refused() -> None:
    with EmbeddedAws() as aws, pytest.raises(EmbeddedError, match="running already"), aws:
        pass


def test_a_server_that_cannot_start_is_reported_with_its_last_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "moto").mkdir()
    (tmp_path / "moto" / "__init__.py").write_text("raise ImportError('moto is half installed')")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(EmbeddedError, match="before it was ready: ImportError: moto is half installed"), EmbeddedAws():
        pass
