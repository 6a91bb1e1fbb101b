"""Reading what the real engine writes: in a folder and in S3, plain and compressed."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import boto3
import pulumi
import pytest
from moto.server import ThreadedMotoServer
from pulumi import automation

from rollback_plugin.backend.history import open_backend
from rollback_plugin.backend.locks import Lock
from rollback_plugin.backend.project import Project, open_project
from rollback_plugin.errors import NoStackSelected
from rollback_plugin.stack import StackName

pytestmark = [pytest.mark.engine, pytest.mark.embedded]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """A project folder with a backend, and the environment to use them in."""

    folder: Path
    backend_url: str
    environment: Mapping[str, str]

    def stack(self, name: str, program: Callable[[], None]) -> automation.Stack:
        return automation.create_or_select_stack(
            name,
            project_name="shop",
            program=program,
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(self.folder),
                env_vars=dict(self.environment),
                project_settings=automation.ProjectSettings(
                    name="shop", runtime="python", backend=automation.ProjectBackend(self.backend_url)
                ),
            ),
        )

    def pulumi(self, *arguments: str) -> str:
        """What the command prints when a person runs it in the project's folder."""
        return subprocess.run(
            ["pulumi", *arguments],
            cwd=self.folder,
            env={**os.environ, "PWD": str(self.folder), **self.environment},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def project(self, stack: str | None = None) -> Project:
        return open_project(self.folder, stack, self.environment)


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="module", params=["folder", "folder, gzip", "S3, gzip"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("place")
    (root / "project").mkdir()
    (root / "state").mkdir()
    environment = {
        "HOME": str(root),
        "PULUMI_HOME": str(root / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "passphrase",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DIY_BACKEND_GZIP": str("gzip" in request.param).lower(),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }
    backend_url = f"file://{root}/state"
    if request.param.startswith("S3"):
        endpoint = request.getfixturevalue("s3_endpoint")
        boto3.client(
            "s3",
            endpoint_url=f"http://{endpoint}",
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        ).create_bucket(Bucket="state")
        query = urlencode({"endpoint": endpoint, "s3ForcePathStyle": "true", "disableSSL": "true"})
        backend_url = f"s3://state/pulumi?{query}"
    return Place(root / "project", backend_url, environment)


@pytest.fixture(scope="module")
def updated(place: Place) -> Place:
    """A stack with a deploy, a rollback of ours, and a deploy that failed."""
    value = "one"

    def program() -> None:
        if value == "broken":
            raise RuntimeError("the program is broken")
        pulumi.export("value", value)

    stack = place.stack("dev", program)
    stack.set_config("plain", automation.ConfigValue("hello"))
    stack.set_config("password", automation.ConfigValue("hunter2", secret=True))
    stack.up(message="first")
    value = "two"
    stack.up(message="rollback-plugin op-1: back to version 1")
    value = "broken"
    with pytest.raises(automation.CommandError):
        stack.up(message="rollback-plugins are nice: a deploy like any other")
    return place


def test_updates_are_read_oldest_first_with_their_outcome(updated: Place) -> None:
    project = updated.project("dev")
    updates = open_backend(project.backend_url, updated.environment).updates(project.stack)

    assert [(update.kind, update.succeeded, update.message, update.operation) for update in updates] == [
        ("update", True, "first", None),
        ("update", True, "rollback-plugin op-1: back to version 1", "op-1"),
        ("update", False, "rollback-plugins are nice: a deploy like any other", None),
    ]
    assert updates[0].resource_changes == {"create": 1}
    assert updates[0].started_at <= updates[0].finished_at <= updates[1].started_at
    assert updates[0].environment["exec.kind"] == "auto.inline"
    assert len({update.name for update in updates}) == 3


def test_config_is_read_with_its_secrets_as_ciphertext(updated: Place) -> None:
    project = updated.project("dev")
    config = open_backend(project.backend_url, updated.environment).updates(project.stack)[0].config

    assert (config["shop:plain"].value, config["shop:plain"].secret) == ("hello", False)
    assert config["shop:password"].secret
    assert "hunter2" not in config["shop:password"].value


def test_each_checkpoint_is_the_state_after_its_update_and_the_last_is_the_current_one(updated: Place) -> None:
    project = updated.project("dev")
    backend = open_backend(project.backend_url, updated.environment)
    updates = backend.updates(project.stack)

    def value_in(checkpoint: bytes) -> str:
        resources = json.loads(checkpoint)["checkpoint"]["latest"]["resources"]
        return str(resources[0]["outputs"]["value"])

    assert [value_in(backend.checkpoint(project.stack, update)) for update in updates] == ["one", "two", "two"]
    assert backend.current(project.stack) == backend.checkpoint(project.stack, updates[-1])


def test_the_selected_stack_is_the_one_that_the_command_shows(updated: Place) -> None:
    updated.stack("production", lambda: None)

    for name in ("dev", "production"):
        updated.pulumi("stack", "select", name)
        assert updated.pulumi("stack", "--show-name") == name
        assert updated.project().stack == StackName("shop", name)


def test_a_stack_that_the_backend_does_not_have_is_answered_with_those_it_has(updated: Place) -> None:
    with pytest.raises(NoStackSelected, match=r"has no stack staging .*It has: dev"):
        updated.project("staging")


def test_a_lock_is_seen_while_an_update_runs_and_gone_after_it(place: Place) -> None:
    may_end = threading.Event()

    def program() -> None:
        may_end.wait(60)

    stack = place.stack("locked", program)
    project = place.project("locked")
    backend = open_backend(project.backend_url, place.environment)
    locks: list[Lock] = []

    def look(_: object) -> None:
        # The engine's first event comes while it holds the lock, and the program waits.
        if not locks:
            locks.extend(backend.locks(project.stack))
            may_end.set()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(stack.up, on_event=look).result(timeout=90)

    assert len(locks) == 1
    assert locks[0].host == socket.gethostname()
    assert locks[0].pid > 0
    assert backend.locks(project.stack) == []


def test_a_lock_left_by_a_killed_engine_is_broken_and_the_next_update_runs(place: Place) -> None:
    reached = threading.Event()
    killed = threading.Event()

    def program() -> None:
        reached.set()
        killed.wait(60)

    stack = place.stack("left", program)
    project = place.project("left")
    backend = open_backend(project.backend_url, place.environment)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(stack.up)
        assert reached.wait(60)
        (lock,) = backend.locks(project.stack)
        os.kill(lock.pid, 9)
        killed.set()
        with pytest.raises(automation.CommandError):
            running.result(timeout=60)
    assert backend.locks(project.stack) == [lock]
    with pytest.raises(automation.ConcurrentUpdateError):
        stack.up()

    backend.break_lock(project.stack, lock)

    assert backend.locks(project.stack) == []
    assert stack.up().summary.result == "succeeded"


def test_attributes_that_a_killed_engine_left_empty_keep_nobody_from_the_stack(place: Place) -> None:
    stack = place.stack("empty-attributes", lambda: None)
    stack.up()
    project = place.project("empty-attributes")
    backend = open_backend(project.backend_url, place.environment)
    states = place.folder.parent.rglob("empty-attributes.json*.attrs")
    attributes = [path for path in states if ".bak" not in path.name]
    # Only folders have any: S3 keeps an object's attributes itself.
    assert len(attributes) == project.backend_url.startswith("file://")
    for path in attributes:
        path.write_bytes(b"")
        with pytest.raises(automation.CommandError, match="failed to load checkpoint: EOF"):
            stack.up()

    backend.break_lock(project.stack, Lock("locks/none.json", "user", "host", 1, NOW))

    assert stack.up().summary.result == "succeeded"
