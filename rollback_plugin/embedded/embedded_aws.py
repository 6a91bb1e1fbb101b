"""The context manager that starts and ends an AWS of one's own on this machine."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, overload
from urllib.parse import quote

import boto3
import botocore.session
from botocore.config import Config

from rollback_plugin.embedded.provider.install import install_provider
from rollback_plugin.embedded.scratch import ScratchFolder, remove_abandoned_folders
from rollback_plugin.embedded.server_settings import ServerAddresses, ServerSettings
from rollback_plugin.errors import EmbeddedError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

_STOP_TIMEOUT_SECONDS = 10.0


class EmbeddedAws:
    """AWS in a box: moto, a Lambda runtime that runs the deployed code, and CloudWatch alarms that are evaluated.

        with EmbeddedAws() as aws:
            aws.client("s3").create_bucket(Bucket="orders")
            subprocess.run(["pulumi", "up", "--yes"], env={**os.environ, **aws.environment})
            httpx.get(aws.function_url("orders", "live"))

    Each instance is one child process with its own state, on free ports of 127.0.0.1: several can be up at once, in
    one process too, and share nothing. The child ends with the `with` block, or with this process if that dies first.
    """

    def __init__(
        self,
        region: str = "us-east-1",
        evaluation_interval_seconds: float = 10.0,
        metric_flush_seconds: float = 1.0,
    ) -> None:
        """
        region: the one region whose Lambda functions run; the other services know every region.
        evaluation_interval_seconds: how often every alarm is evaluated. CloudWatch itself: each 10 s for alarms with
            periods of 10, 20 and 30 s, each minute for the others.
        metric_flush_seconds: how often log lines and metrics of Lambda functions, and data points of log metric
            filters, reach CloudWatch. In AWS that is each minute.
        """
        self._region = region
        self._evaluation_interval_seconds = evaluation_interval_seconds
        self._metric_flush_seconds = metric_flush_seconds
        self._running: _Running | None = None

    def __enter__(self) -> Self:
        """Raises EmbeddedError when the server does not come up."""
        if self._running is not None:
            raise EmbeddedError("This EmbeddedAws is running already. Make another one for a second AWS.")
        if importlib.util.find_spec("moto") is None:
            raise EmbeddedError("The embedded AWS needs moto. Install it: pip install 'rollback-plugin[embedded]'.")
        remove_abandoned_folders()
        scratch = ScratchFolder()
        try:
            self._running = _Running(
                scratch, self._region, self._evaluation_interval_seconds, self._metric_flush_seconds
            )
        except BaseException:
            scratch.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running, self._running = self._required, None
        running.stop()
        running.scratch.close()

    @property
    def region(self) -> str:
        return self._region

    @property
    def endpoint_url(self) -> str:
        """Where every AWS API is served."""
        return self._required.addresses.endpoint_url

    @property
    def lambda_url(self) -> str:
        """Base URL of the Lambda front. See function_url()."""
        return self._required.addresses.lambda_url

    @property
    def scratch(self) -> Path:
        """A folder that is removed at the end; server.log in it is the server's output."""
        return self._required.scratch.path

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that make a child process use this AWS, and nothing of the user's own AWS settings."""
        return dict(self._required.environment)

    def function_url(self, function_name: str, qualifier: str) -> str:
        """The URL of a function's alias or version, without a slash at the end; paths and queries can be appended."""
        return f"{self.lambda_url}/{quote(function_name, safe='')}/{quote(qualifier, safe='$')}"

    @overload
    def client(self, service: Literal["cloudwatch"]) -> "CloudWatchClient": ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> "DynamoDBClient": ...
    @overload
    def client(self, service: Literal["events"]) -> "EventBridgeClient": ...
    @overload
    def client(self, service: Literal["iam"]) -> "IAMClient": ...
    @overload
    def client(self, service: Literal["lambda"]) -> "LambdaClient": ...
    @overload
    def client(self, service: Literal["logs"]) -> "CloudWatchLogsClient": ...
    @overload
    def client(self, service: Literal["s3"]) -> "S3Client": ...
    @overload
    def client(self, service: Literal["sns"]) -> "SNSClient": ...
    @overload
    def client(self, service: Literal["sqs"]) -> "SQSClient": ...
    @overload
    def client(self, service: Literal["ssm"]) -> "SSMClient": ...

    def client(self, service: str) -> Any:
        """A boto3 client of this AWS. Thread-safe, as boto3's clients are."""
        return self._required.session.client(
            service,
            endpoint_url=self.endpoint_url,
            # An empty dict: no proxy, whatever the environment says.
            config=Config(proxies={}, retries={"mode": "standard"}),
        )

    @property
    def _required(self) -> "_Running":
        if self._running is None:
            raise EmbeddedError("This EmbeddedAws is not running. Use it inside its `with` block.")
        return self._running


class _Running:
    def __init__(
        self,
        scratch: ScratchFolder,
        region: str,
        evaluation_interval_seconds: float,
        metric_flush_seconds: float,
    ) -> None:
        self.scratch = scratch
        aws_environment = _aws_environment(scratch.path, region)
        settings = ServerSettings(
            region=region,
            scratch_folder=str(scratch.path),
            evaluation_interval_seconds=evaluation_interval_seconds,
            metric_flush_seconds=metric_flush_seconds,
            function_environment=aws_environment,
        )
        self._log_path = scratch.path / "server.log"
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rollback_plugin.embedded.server", json.dumps(asdict(settings))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # The server finds what this process can import, also what only sys.path says.
                env={**os.environ, **aws_environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # Ctrl-C is for the parent, which then ends the server in good order
            )
        try:
            self.addresses = self._await_addresses()
        except BaseException:
            self.stop()
            raise
        self.environment = {
            **aws_environment,
            "AWS_ENDPOINT_URL": self.addresses.endpoint_url,
            "ROLLBACK_EMBEDDED_LAMBDA_URL": self.addresses.lambda_url,
            **_pulumi_environment(scratch.path),
        }
        self.session = _session(self.environment)

    def stop(self) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is not None:
            stdin.close()
        try:
            self._process.wait(timeout=_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if stdout is not None:
            stdout.close()

    def _await_addresses(self) -> ServerAddresses:
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            code = self._process.wait()
            log = self._log_path.read_text(errors="replace").strip().splitlines()
            last = log[-1] if log else "it wrote nothing"
            raise EmbeddedError(
                f"The embedded AWS server ended with exit code {code} before it was ready: {last}. "
                f"Try `{sys.executable} -c 'import moto.server'` to see whether moto[server] is installed completely."
            )
        return ServerAddresses(**json.loads(line))


def _aws_environment(scratch: Path, region: str) -> dict[str, str]:
    config, credentials = scratch / "aws-config", scratch / "aws-credentials"
    config.write_text("[default]\n")  # AWS_PROFILE has to name a profile that exists
    credentials.write_text("")
    exempt = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    no_proxy = ",".join(filter(None, [exempt, "127.0.0.1,localhost"]))
    return {
        "AWS_ACCESS_KEY_ID": "embedded",
        "AWS_SECRET_ACCESS_KEY": "embedded",
        "AWS_SESSION_TOKEN": "embedded",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_PROFILE": "default",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


def _pulumi_environment(scratch: Path) -> dict[str, str]:
    home = scratch / "pulumi-home"
    home.mkdir()
    install_provider(home)
    return {
        "PULUMI_HOME": str(home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def _session(environment: Mapping[str, str]) -> Any:
    """A boto3 session that reads neither this process' environment nor the user's files."""
    variables: dict[str, tuple[str | None, str | None, Any, Any]] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, environment["AWS_CONFIG_FILE"], None),
        "credentials_file": (None, None, environment["AWS_SHARED_CREDENTIALS_FILE"], None),
    }
    core = botocore.session.Session(session_vars=variables)
    return boto3.session.Session(
        botocore_session=core,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
