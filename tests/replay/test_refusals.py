"""What can't be done faithfully is refused by its own message, and leaves every byte the backend keeps as it was."""

import getpass
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from msgspec.structs import replace

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import (
    DamagedSnapshot,
    EngineLocked,
    EngineNotFound,
    NotReplayable,
    RollbackPluginError,
    UnknownVersion,
    WrongPassphrase,
)
from rollback_plugin.replay.requirements import PluginRequirement
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

PROGRAM = """
import pulumi
import pulumi_aws as aws
aws.ssm.Parameter("word", type="SecureString", value=pulumi.Output.secret("WORD-that-is-secret"))
bucket = aws.s3.Bucket("site")
aws.s3.BucketObjectv2("page", bucket=bucket.id, key="page", source=pulumi.FileAsset("page.html"))
"""
SECRETS = ("first-that-is-secret", "second-that-is-secret")


def program(word: str) -> Program:
    return Program(PROGRAM.replace("WORD", word), {"page.html": f"<h1>{word}</h1>"})


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, aws: EmbeddedAws) -> DeployedStack:
    """A stack with two versions, which no test here may change."""
    stack = DeployedStack(tmp_path_factory.mktemp("refusals"), aws, with_passphrase=True)
    stack.deploy(program("first"))
    stack.deploy(program("second"))
    return stack


@pytest.fixture
def stack(deployed: DeployedStack) -> Iterator[DeployedStack]:
    before = deployed.files_of_backend()
    yield deployed
    assert deployed.files_of_backend() == before


def blob_of_the_first_page(stack: DeployedStack) -> Path:
    (digest,) = stack.archive.read(1).assets
    return next(path for path in stack.root.parent.joinpath("store").rglob(digest))


@pytest.fixture
def first_page(stack: DeployedStack) -> Iterator[Path]:
    """The kept bytes of version 1's page, which come back after the test."""
    path = blob_of_the_first_page(stack)
    content = path.read_bytes()
    yield path
    path.write_bytes(content)


def refused(stack: DeployedStack, kind: type[RollbackPluginError], version: int = 1, **environment: str | None) -> str:
    changed = {k: v for k, v in {**stack.environment, **environment}.items() if v is not None}
    with pytest.raises(kind) as refusal:
        stack.replay(changed).apply(version, "operation-1", "rollback")
    message = str(refusal.value)
    assert not any(secret in message for secret in SECRETS)
    assert not any(secret in repr(refusal.value.__cause__) for secret in SECRETS)
    return message


def test_bytes_that_are_gone(stack: DeployedStack, first_page: Path) -> None:
    first_page.unlink()

    message = refused(stack, NotReplayable)

    assert "BucketObjectv2::page (source): the bytes of page.html" in message


def test_bytes_that_are_wrong(stack: DeployedStack, first_page: Path) -> None:
    first_page.write_bytes(b"<h1>evil</h1>")

    assert first_page.name in refused(stack, DamagedSnapshot)


@pytest.fixture
def first_version(stack: DeployedStack) -> Iterator[Path]:
    """The object of version 1, which comes back after the test."""
    path = object_of(stack, 1)
    content = path.read_bytes()
    yield path
    path.write_bytes(content)


def object_of(stack: DeployedStack, version: int) -> Path:
    folder = stack.root.parent / "store" / "stacks" / stack.name.project / stack.name.stack / "versions"
    return folder / f"{version:08}.json"


def test_a_checkpoint_that_was_changed(stack: DeployedStack, first_version: Path) -> None:
    digest = json.loads(first_version.read_bytes())["snapshot"]["blob"]
    (blob,) = stack.root.parent.joinpath("store").rglob(digest)
    content = blob.read_bytes()
    lines = zstandard.decompress(content)
    blob.write_bytes(zstandard.compress(lines.replace(b"page.html", b"evil.html")))

    message = refused(stack, DamagedSnapshot)

    blob.write_bytes(content)
    assert digest in message


def test_a_version_that_leads_to_another_ones_checkpoint(stack: DeployedStack, first_version: Path) -> None:
    changed = json.loads(first_version.read_bytes())
    changed["snapshot"] = json.loads(object_of(stack, 2).read_bytes())["snapshot"]
    first_version.write_text(json.dumps(changed))

    assert "Version 1 of shop/dev leads to the checkpoint" in refused(stack, DamagedSnapshot)


def test_another_stacks_snapshot(stack: DeployedStack) -> None:
    lines = stack.archive.checkpoint(1).lines
    checkpoint = Checkpoint.from_lines([line.replace(b"urn:pulumi:dev::", b"urn:pulumi:prod::") for line in lines])
    version = replace(stack.archive.read(1), number=3, update="prod-1", checkpoint_digest=checkpoint.digest)
    stack.archive.write(version, checkpoint)

    message = refused(stack, NotReplayable, version=3)

    object_of(stack, 3).unlink()
    assert "it belongs to shop/prod, not to shop/dev" in message


def test_a_wrong_passphrase(stack: DeployedStack) -> None:
    message = refused(stack, WrongPassphrase, PULUMI_CONFIG_PASSPHRASE="not this one")

    assert "PULUMI_CONFIG_PASSPHRASE" in message
    assert "not this one" not in message


def test_no_passphrase(stack: DeployedStack) -> None:
    refused(stack, WrongPassphrase, PULUMI_CONFIG_PASSPHRASE=None)


def test_a_version_that_does_not_exist(stack: DeployedStack) -> None:
    with pytest.raises(UnknownVersion, match="1, 2"):
        stack.replay().plan(7)


def test_no_engine_on_the_path(stack: DeployedStack) -> None:
    refused(stack, EngineNotFound, PATH="/nowhere")


def test_no_provider_plugin(stack: DeployedStack, tmp_path: Path) -> None:
    message = refused(
        stack, NotReplayable, PULUMI_HOME=str(tmp_path / "empty"), PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true"
    )

    (version,) = stack.archive.read(1).plugins.values()
    assert f"its plugin pulumi-resource-aws, version {version}, is not installed" in message
    assert f"`pulumi plugin install resource aws v{version}`" in message


def test_planning_touches_nothing(stack: DeployedStack) -> None:
    plan = stack.replay().plan(1)

    assert plan.refusals == ()
    assert plan.needs.plugins == (PluginRequirement("aws", stack.archive.read(1).plugins["aws"], installed=True),)
    assert (plan.needs.assets, plan.needs.asset_bytes) == (1, len("<h1>first</h1>"))
    assert plan.needs.estimate is not None
    assert plan.needs.estimate.updates in (1, 2)
    assert {step.action.value for step in plan.steps} == {"same", "update"}


def lock_held(stack: DeployedStack, process_id: int) -> Path:
    """A lock as the engine writes it (pkg/backend/diy/lock.go)."""
    path = stack.state_folder / ".pulumi/locks" / stack.name.fully_qualified / "0a1b2c.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "pid": process_id,
        "username": getpass.getuser(),
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat(),
    }
    path.write_text(json.dumps(content))
    return path


def test_a_lock_that_is_held(stack: DeployedStack) -> None:
    lock = lock_held(stack, os.getpid())

    message = refused(stack, EngineLocked)

    assert f"{getpass.getuser()}@{socket.gethostname()} (pid {os.getpid()})" in message
    lock.unlink()


def test_an_output_of_one_of_two_resources_that_the_update_alone_can_tell_apart(
    tmp_path: Path, aws: EmbeddedAws
) -> None:
    """Both are at version 1 when recorded. Rolled back, `moved` is made anew and `kept` changed once more."""
    code = """
import pulumi
import pulumi_aws as aws
kept = aws.ssm.Parameter("kept", name="/kept", type="String", value="WORD")
moved = aws.ssm.Parameter("moved", name="/moved/WORD", type="String", value="always")
pulumi.export("version", moved.version)
"""
    stack = DeployedStack(tmp_path, aws)
    stack.deploy(Program(code.replace("WORD", "first")))
    stack.deploy(Program(code.replace("WORD", "second")))
    before = stack.files_of_backend()

    message = refused(stack, NotReplayable)

    assert "(version): may come from any of version of" in message
    assert stack.files_of_backend() == before
