"""Deploying small functions, and waiting for what they cause."""

import io
import textwrap
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import TypeVar

from rollback_plugin.embedded import EmbeddedAws

Found = TypeVar("Found")

_WAIT_SECONDS = 30.0


def package(source: str) -> bytes:
    """A deployment package with one module, `app`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", textwrap.dedent(source))
    return content.getvalue()


def deploy(
    aws: EmbeddedAws,
    name: str,
    source: str,
    timeout_seconds: int = 3,
    environment: Mapping[str, str] | None = None,
    runtime: str = "python3.11",
) -> str:
    """A function with version 1 and alias `live` pointing to it. The alias' URL."""
    roles = aws.client("iam")
    role_name = f"{name}-role"
    role = roles.create_role(RoleName=role_name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime=runtime,  # type: ignore[arg-type]
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": package(source)},
        Timeout=timeout_seconds,
        Environment={"Variables": dict(environment or {})},
        Publish=True,
    )
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return aws.function_url(name, "live")


def publish(aws: EmbeddedAws, name: str, source: str) -> str:
    """New code as a new version, which no alias points to yet. The version's number."""
    functions = aws.client("lambda")
    functions.update_function_code(FunctionName=name, ZipFile=package(source))
    return functions.publish_version(FunctionName=name)["Version"]


def wait_for(find: Callable[[], Found | None], what: str) -> Found:
    """Ask until there is something. Fails, naming it, when there is nothing in half a minute."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        found = find()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {_WAIT_SECONDS} seconds")


def log_messages(aws: EmbeddedAws, function_name: str) -> list[str]:
    """All log messages of the function so far, oldest first."""
    logs = aws.client("logs")
    group = f"/aws/lambda/{function_name}"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return []
    return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
