"""A version's program, run again, ends where its snapshot does; what can't be run again is refused in time."""

import json
import re
import shutil
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import NotReplayable
from rollback_plugin.journal.options import DataPolicy, OperationOptions, Strategy
from rollback_plugin.replay.plan import Action
from tests.replay.deployed_stack import Program
from tests.replay.versioned_stack import VersionedStack
from tests.replay.wheels import write_wheel

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

BY_SNAPSHOT = OperationOptions(strategy=Strategy.SNAPSHOT)
BY_SOURCE = OperationOptions(strategy=Strategy.SOURCE)
PROGRAM = """
import pulumi
import pulumi_aws as aws
from rollback_plugin import track
track()
password = pulumi.Config().require_secret("password")
aws.ssm.Parameter("password", type="SecureString", value=password)
topic = aws.sns.Topic("orders", name="orders-WORD", display_name="WORD")
aws.ssm.Parameter("arn", type="String", value=topic.arn.apply(lambda arn: f"at {arn}"))
aws.sns.Topic("only-in-WORD")
bucket = aws.s3.Bucket("site")
aws.s3.BucketObjectv2("page", bucket=bucket.id, key="page", source=pulumi.FileAsset("page.html"))
pulumi.export("arn", topic.arn)
pulumi.export("password", password)
"""


def program(word: str, more: str = "") -> Program:
    return Program(PROGRAM.replace("WORD", word) + more, {"page.html": f"<h1>{word}</h1>"})


@pytest.fixture
def stack(tmp_path: Path, aws: EmbeddedAws) -> VersionedStack:
    return VersionedStack(tmp_path, aws)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, aws: EmbeddedAws) -> VersionedStack:
    """A stack with two versions, the newer one with a queue, which no test here may change."""
    stack = VersionedStack(tmp_path_factory.mktemp("source"), aws)
    stack.deploy_commit(program("older"))
    stack.deploy_commit(program("newer", "\naws.sqs.Queue('jobs')\n"))
    return stack


@pytest.mark.parametrize("back", [BY_SNAPSHOT, BY_SOURCE], ids=["back by snapshot", "back by source"])
def test_rollback_and_recovery_by_either_way_end_in_the_state_that_the_deploy_left(
    stack: VersionedStack, back: OperationOptions
) -> None:
    older, newer = program("older"), program("newer")
    first = stack.deploy_commit(older)
    after_first = lasting(stack)
    second = stack.deploy_commit(newer)
    after_second = lasting(stack)
    source = stack.archive.read(first).source
    assert source is not None
    assert (source.bundle, source.folder, source.origin) == (None, "shop", str(stack.remote))
    replay = stack.replay_by_strategy()

    replay.apply(first, "rollback-1", "rollback", back)
    assert lasting(stack) == after_first
    stack.must_be(older)
    replay.apply(second, "recovery-1", "recovery", BY_SNAPSHOT)
    assert lasting(stack) == after_second
    replay.apply(first, "rollback-2", "rollback", back)
    assert lasting(stack) == after_first
    replay.apply(second, "recovery-2", "recovery", BY_SOURCE)
    assert lasting(stack) == after_second
    stack.must_be(newer)

    assert stack.outputs()["password"] == "correct-horse"
    assert [update.operation for update in stack.backend.updates(stack.name)][2:] == [
        "rollback-1",
        "recovery-1",
        "rollback-2",
        "recovery-2",
    ]


def test_a_program_keeps_no_data_that_it_does_not_know(deployed: VersionedStack) -> None:
    replay = deployed.replay_by_strategy()
    before = deployed.files_of_backend()

    by_source = replay.plan(1, BY_SOURCE)
    by_either = replay.plan(1, OperationOptions())
    following = replay.plan(1, OperationOptions(data=DataPolicy.FOLLOW, strategy=Strategy.SOURCE))
    with pytest.raises(NotReplayable, match="--strategy snapshot"):
        replay.apply(1, "operation-1", "rollback", BY_SOURCE)

    (refusal,) = by_source.refusals
    assert refusal.urn.endswith("Queue::jobs")
    assert "--data follow" in refusal.why
    assert (by_either.refusals, following.refusals) == ((), ())
    assert Action.KEEP in {step.action for step in by_either.steps}
    assert "the data it holds is lost" in {remark.text for remark in following.remarks}
    assert deployed.files_of_backend() == before


def test_where_the_snapshot_can_not_be_re_applied_the_plan_is_to_run_the_program(deployed: VersionedStack) -> None:
    (digest,) = deployed.archive.read(1).assets
    kept = next((deployed.repository / "store").rglob(digest))
    content = kept.read_bytes()
    kept.unlink()

    plan = deployed.replay_by_strategy().plan(1, OperationOptions(data=DataPolicy.FOLLOW))

    kept.write_bytes(content)
    actions = {step.urn.rpartition("::")[2]: step.action for step in plan.steps}
    assert plan.refusals == ()
    assert plan.remarks[0].text.startswith("its program is run again, because its snapshot can't be re-applied: ")
    assert "page.html" in plan.remarks[0].text
    assert (actions["orders"], actions["only-in-older"], actions["page"], actions["site"]) == (
        Action.REPLACE,
        Action.CREATE,
        Action.UPDATE,
        Action.SAME,
    )


def test_a_commit_that_is_gone_is_refused_and_nothing_is_touched(deployed: VersionedStack) -> None:
    before = deployed.files_of_backend()
    source = deployed.archive.read(1).source
    assert source is not None
    for folder in (deployed.repository / ".git", deployed.remote):
        folder.rename(folder.with_name(f"{folder.name}-with-the-commit"))
    deployed.git("init", "--quiet", "--bare", str(deployed.remote))

    with pytest.raises(NotReplayable) as refusal:
        deployed.replay_by_strategy().apply(1, "operation-1", "rollback", BY_SOURCE)

    shutil.rmtree(deployed.remote)
    for folder in (deployed.repository / ".git", deployed.remote):
        folder.with_name(f"{folder.name}-with-the-commit").rename(folder)
    assert f"{deployed.name.root_urn} (source): its commit {source.commit} is gone" in str(refusal.value)
    assert deployed.files_of_backend() == before


THING = """
import pulumi
from rollback_plugin import track
track()
import sys
sys.path.insert(0, "..")
import shared

class Thing(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("shop:index:Thing", name, {"size": SIZE})

Thing(shared.NAME)
"""


def test_the_kept_files_of_a_dirty_tree_are_run_with_the_commit_around_them(stack: VersionedStack) -> None:
    (stack.repository / "shared.py").write_text("NAME = 'thing'\n")
    stack.deploy_commit(Program(THING.replace("SIZE", "1")))
    dirty = Program(THING.replace("SIZE", "2"))
    target = stack.deploy(dirty)
    source = stack.archive.read(target).source
    assert source is not None
    assert source.dirty
    stack.deploy(Program(THING.replace("SIZE", "3")))
    replay = stack.replay_by_strategy()

    plan = replay.plan(target, BY_SOURCE)
    replay.apply(target, "operation-1", "rollback", BY_SOURCE)

    assert [remark.text for remark in plan.remarks] == [
        "no lock file or requirements.txt came with its program: it runs with the packages that the Python interpreter"
        " has on this machine now"
    ]
    stack.must_be(dirty)


def test_a_program_runs_in_an_environment_of_its_own_requirements(stack: VersionedStack, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    # Stands for the Pulumi SDK and all it needs, without a network.
    write_wheel(wheels, "outer", {"outer.pth": sysconfig.get_path("purelib")})
    code = "import pulumi, sys\npulumi.export('prefix', sys.prefix)\n"
    first = stack.deploy_commit(Program(code, {"requirements.txt": "outer==1.0\n"}))
    stack.deploy_commit(Program(code + "pulumi.export('newer', True)\n", {"requirements.txt": "outer==1.0\n"}))
    environment = {
        **stack.environment,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }

    stack.replay_by_strategy(environment).apply(first, "operation-1", "rollback", BY_SOURCE)

    outputs = stack.outputs()
    assert outputs.keys() == {"prefix"}
    assert Path(outputs["prefix"]).parent == tmp_path / "cache" / "rollback-plugin" / "environments"


VOLATILE = frozenset({"created", "modified", "sourcePosition", "stackTrace", "ciphertext", "etag", "version"})
"""What every update writes anew, and what AWS counts."""


def lasting(stack: VersionedStack) -> dict[str, Any]:
    """The stack's resources by URN, its outputs among them, without what is volatile."""
    resources = json.loads(stack.state)["checkpoint"]["latest"]["resources"]
    return {resource["urn"]: _lasting(resource) for resource in resources}


def _lasting(value: Any) -> Any:
    if isinstance(value, Mapping):
        # A property that depends on nothing may be listed with no dependencies, or not at all.
        items = ((key, _lasting(item)) for key, item in value.items() if key not in VOLATILE)
        return {key: item for key, item in items if item not in ([], {})}
    if isinstance(value, list):
        return [_lasting(item) for item in value]
    # The random end of a name that the provider chose.
    return re.sub(r"-[0-9a-f]{7}\b", "-RANDOM", value) if isinstance(value, str) else value
