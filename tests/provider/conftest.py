"""A moto server, and a Pulumi project on it whose programs are written by the test."""

import json
import logging
import os
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from rollback_plugin.embedded.provider import install_provider
from tests.sealed import by_a_key

REGION = "us-east-1"
ENGINE_TIMEOUT_SECONDS = 150


@dataclass(frozen=True)
class Aws:
    """A moto server, and its clients."""

    url: str

    def client(self, service: str) -> Any:
        session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        make: Any = session.client
        return make(service, endpoint_url=self.url)


@dataclass(frozen=True)
class Project:
    """A Pulumi project with one stack, `dev`, and the engine to run it with."""

    folder: Path
    environment: dict[str, str]

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(textwrap.dedent(program))

    def pulumi(self, *arguments: str, succeeds: bool = True) -> str:
        """What the engine printed; fails the test when its exit code isn't the expected one."""
        finished = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=ENGINE_TIMEOUT_SECONDS,
            check=False,
        )
        said = finished.stdout + finished.stderr
        assert (finished.returncode == 0) is succeeds, f"pulumi {' '.join(arguments)}: {finished.returncode}\n{said}"
        return finished.stdout if succeeds else said

    def up(self, program: str | None = None) -> dict[str, Any]:
        """Deploys, and answers the stack's outputs."""
        if program is not None:
            self.write(program)
        self.pulumi("up", "--yes", "--skip-preview", "--color=never")
        outputs: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json", "--show-secrets"))
        return outputs

    def preview(self, program: str | None = None) -> dict[str, dict[str, Any]]:
        """The steps that aren't `same`, by resource name."""
        if program is not None:
            self.write(program)
        steps = json.loads(self.pulumi("preview", "--json"))["steps"]
        return {step["urn"].rsplit("::", 1)[-1]: step for step in steps if step["op"] != "same"}

    def expect_no_changes(self) -> None:
        self.pulumi("preview", "--expect-no-changes", "--color=never")

    def resources(self) -> dict[str, dict[str, Any]]:
        """What the state holds, by resource name."""
        deployment = json.loads(self.pulumi("stack", "export"))["deployment"]
        return {each["urn"].rsplit("::", 1)[-1]: each for each in deployment["resources"]}


@pytest.fixture
def aws() -> Iterator[Aws]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        for path, body in (("reset", {}), ("config", {"lambda": {"use_docker": False}})):
            httpx.post(f"{url}/moto-api/{path}", json=body).raise_for_status()
        yield Aws(url)
    finally:
        server.stop()


@pytest.fixture
def project(aws: Aws, tmp_path: Path) -> Project:
    home, state, folder = tmp_path / "home", tmp_path / "state", tmp_path / "shop"
    state.mkdir()
    folder.mkdir()
    install_provider(home)
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))}
    project = Project(
        folder,
        kept
        | {
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        },
    )
    project.write("")
    project.pulumi("stack", "init", "dev", "--secrets-provider", by_a_key(project.environment))
    project.pulumi("config", "set", "aws:region", REGION)
    return project
