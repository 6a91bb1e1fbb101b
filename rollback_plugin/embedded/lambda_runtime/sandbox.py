"""What a function's code runs in: its unpacked package and its environment variables.

Variables as in https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

import os
import sys
import uuid
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path

from rollback_plugin.embedded.lambda_runtime.deployed_version import DeployedVersion
from rollback_plugin.embedded.lambda_runtime.worker_process import WorkerProcess
from rollback_plugin.embedded.telemetry import LogEvent, Telemetry


def why_it_cannot_run(version: DeployedVersion) -> str | None:
    """The reason why this runtime can't run the version, or None."""
    if not version.runtime or not version.runtime.startswith("python") or not version.handler or not version.code:
        return (
            f"function {version.function_name} has runtime {version.runtime!r} and {len(version.code)} bytes of code; "
            "the embedded AWS runs zip packages of Python functions only"
        )
    if version.layers:
        return f"function {version.function_name} uses layers, which the embedded AWS does not unpack"
    try:
        zipfile.ZipFile(BytesIO(version.code)).close()
    except zipfile.BadZipFile:
        return f"the package of function {version.function_name} is not a zip file"
    return None


def unpack(version: DeployedVersion, parent: Path) -> Path:
    """Unpack the version's package into a new folder below `parent`."""
    folder = parent / uuid.uuid4().hex
    with zipfile.ZipFile(BytesIO(version.code)) as package:
        package.extractall(folder)
    return folder


def log_group_name(function_name: str) -> str:
    return f"/aws/lambda/{function_name}"


def start_worker(
    version: DeployedVersion,
    code_folder: Path,
    shared_environment: Mapping[str, str],
    telemetry: Telemetry,
    clock: Callable[[], datetime],
) -> WorkerProcess:
    """A new process with a log stream of its own."""
    group = log_group_name(version.function_name)
    stream = f"{clock():%Y/%m/%d}/[{version.version}]{uuid.uuid4().hex}"

    def log(message: str) -> None:
        telemetry.record_log(group, stream, LogEvent(clock(), message))

    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        **version.environment,
        **shared_environment,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": version.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": version.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(version.memory_megabytes),
        "AWS_LAMBDA_LOG_GROUP_NAME": group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(code_folder),
        "LAMBDA_RUNTIME_DIR": sys.prefix,
        "_HANDLER": str(version.handler),
    }
    return WorkerProcess(environment, code_folder, stream, log)
