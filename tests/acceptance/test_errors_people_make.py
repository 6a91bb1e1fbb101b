"""Each mistake people make gets one paragraph naming the thing and the way out, an exit code, and changes nothing."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.acceptance.conftest import file_backend
from tests.acceptance.project import PASSPHRASE, Ended, PulumiProject

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi, pulumi_aws as aws
from rollback_plugin import track
track()
aws.ssm.Parameter("greeting", type="String", value="{greeting}")
aws.ssm.Parameter("price", type="SecureString", value=pulumi.Config().require_secret("price"))
aws.s3.BucketObject("page", bucket=aws.s3.Bucket("pages").bucket, source=pulumi.FileAsset("page.html"))
"""


def deploy(project: PulumiProject, greeting: str) -> None:
    project.write(PROGRAM.format(greeting=greeting), {"page.html": f"<p>{greeting}</p>"})
    project.up().must()
    project.rollback("record").must()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulumiProject]:
    """Versions 1 and 2 of a stack on a file backend."""
    with EmbeddedAws() as aws:
        folder = tmp_path_factory.mktemp("original")
        project = PulumiProject(folder / "shop", file_backend(folder, aws), aws.environment)
        project.write(PROGRAM.format(greeting="one"), {"page.html": "<p>one</p>"})
        project.create_stack(secrets={"price": "12"})
        deploy(project, "one")
        deploy(project, "two")
        yield project


@pytest.fixture
def deployed(original: PulumiProject, tmp_path: Path) -> PulumiProject:
    """A copy of the project, its stack and its versions, to make mistakes with."""
    return original.copied_to(tmp_path)


@contextmanager
def unchanged(project: PulumiProject) -> Iterator[None]:
    """Neither the stack's state nor anything in the backend's folder changes inside the block."""
    before = _files(project)
    yield
    assert _files(project) == before


def _files(project: PulumiProject) -> dict[str, bytes]:
    state = Path(project.backend_url.removeprefix("file://"))
    return {str(path): path.read_bytes() for path in state.rglob("*") if path.is_file()}


def assert_says(ended: Ended, exit_code: int, *words: str) -> None:
    """One paragraph on stderr, nothing on stdout, no traceback."""
    assert ended.exit_code == exit_code, ended.said
    assert "Traceback" not in ended.said
    paragraphs = [block for block in ended.stderr.strip().split("\n\n") if block]
    assert len(paragraphs) == 1, ended.stderr
    for word in words:
        assert word in ended.stderr


def test_no_pulumi_project(deployed: PulumiProject, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert_says(deployed.rollback("status", "--cwd", str(elsewhere)), 2, "Pulumi.yaml", str(elsewhere))


def test_no_stack_selected(deployed: PulumiProject) -> None:
    deployed.pulumi("stack", "unselect").must()
    with unchanged(deployed):
        assert_says(deployed.rollback("undo", "--yes"), 2, "--stack", "dev")


def test_a_stack_that_does_not_exist(deployed: PulumiProject) -> None:
    with unchanged(deployed):
        assert_says(deployed.rollback("undo", "--yes", "--stack", "prod"), 2, "prod", "dev")


def test_not_logged_in(deployed: PulumiProject) -> None:
    del deployed.environment["PULUMI_BACKEND_URL"]
    assert_says(deployed.rollback("status"), 1, "pulumi login")


def test_a_backend_that_is_not_supported(deployed: PulumiProject) -> None:
    ended = deployed.rollback("status", environment={"PULUMI_BACKEND_URL": "gs://bucket"})
    assert_says(ended, 1, "gs://", "file://", "s3://")


@pytest.mark.parametrize("passphrase", ["wrong", ""])
def test_wrong_passphrase(deployed: PulumiProject, passphrase: str) -> None:
    with unchanged(deployed):
        ended = deployed.rollback("undo", "--yes", environment={"PULUMI_CONFIG_PASSPHRASE": passphrase})
    assert_says(ended, 1, "PULUMI_CONFIG_PASSPHRASE")
    assert PASSPHRASE not in ended.said


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_store_unreachable(deployed: PulumiProject) -> None:
    store = f"s3://versions?region=us-east-1&endpoint=127.0.0.1:{free_port()}&s3ForcePathStyle=true&disableSSL=true"
    deployed.pulumi("config", "set", "rollback:store", store).must()
    with unchanged(deployed):
        assert_says(deployed.rollback("undo", "--yes"), 1, "versions")


def test_store_read_only(deployed: PulumiProject, tmp_path: Path) -> None:
    in_the_way = tmp_path / "a-file"
    in_the_way.write_text("not a folder")
    deployed.pulumi("config", "set", "rollback:store", f"file://{in_the_way}/store").must()
    with unchanged(deployed):
        assert_says(deployed.rollback("record"), 1, str(in_the_way))


def test_a_version_that_does_not_exist(deployed: PulumiProject) -> None:
    with unchanged(deployed):
        assert_says(deployed.rollback("undo", "--yes", "--to", "7"), 2, "version 7", "1, 2")


def test_nothing_healthy_to_go_back_to(file_project: PulumiProject) -> None:
    project = file_project
    project.write(PROGRAM.format(greeting="one"), {"page.html": "<p>one</p>"})
    project.create_stack(secrets={"price": "12"})
    deploy(project, "one")
    with unchanged(project):
        assert_says(project.rollback("undo", "--yes"), 3, "healthy", "--to")


def test_nothing_was_ever_deployed(file_project: PulumiProject) -> None:
    file_project.write("")
    file_project.create_stack()
    assert_says(file_project.rollback("undo", "--yes"), 3, "pulumi up")


def test_alarm_names_that_do_not_exist(deployed: PulumiProject) -> None:
    deployed.pulumi("config", "set", "rollback:alarms", '["no-such-alarm"]').must()
    deploy(deployed, "three")
    with unchanged(deployed):
        assert_says(deployed.rollback("watch", "--once"), 2, "no-such-alarm")


def test_missing_aws_credentials(deployed: PulumiProject) -> None:
    deployed.pulumi("config", "set", "rollback:alarms", '["some-alarm"]').must()
    deploy(deployed, "three")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del deployed.environment[name]
    with unchanged(deployed):
        assert_says(deployed.rollback("watch", "--once"), 1, "AWS credentials")


def test_an_engine_lock_held_by_somebody(deployed: PulumiProject) -> None:
    state = Path(deployed.backend_url.removeprefix("file://"))
    folder = state / ".pulumi" / "locks" / "organization" / "shop" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    lock = {
        "pid": os.getpid(),
        "username": "carol",
        "hostname": socket.gethostname(),
        "timestamp": "2026-03-01T03:00:00Z",
    }
    (folder / "b3f8c2a0-0000-4000-8000-000000000000.json").write_text(json.dumps(lock))
    before = deployed.state()
    ended = deployed.rollback("undo", "--yes", "--lock-timeout", "1")
    assert_says(ended, 1, "carol", "pulumi cancel")
    assert deployed.state() == before


def damage_checkpoint(store: Path) -> None:
    for path in (store / "stacks" / "shop" / "dev" / "versions").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-20] + b"x" * 20)


def damage_blob(store: Path) -> None:
    for path in (store / "blobs").rglob("*"):
        if path.is_file():
            path.write_bytes(b"other bytes")


def damage_journal(store: Path) -> None:
    first = min((store / "stacks" / "shop" / "dev" / "journal").iterdir())
    damaged = first.read_bytes().replace(b"update", b"upd4te")
    assert damaged != first.read_bytes()
    first.write_bytes(damaged)


@pytest.mark.parametrize(
    ("damage", "exit_code", "named"),
    [(damage_checkpoint, 3, "version 1"), (damage_blob, 3, "blobs/"), (damage_journal, 1, "journal/00000001.json")],
)
def test_a_damaged_snapshot(
    deployed: PulumiProject, damage: Callable[[Path], None], exit_code: int, named: str
) -> None:
    damage(Path(deployed.backend_url.removeprefix("file://")) / ".rollback")
    with unchanged(deployed):
        assert_says(deployed.rollback("undo", "--yes"), exit_code, named)


def test_changing_without_a_yes(deployed: PulumiProject) -> None:
    with unchanged(deployed):
        ended = deployed.rollback("undo")
    assert ended.exit_code == 3
    assert "--yes" in ended.stderr
