"""A recorded program is made ready for the engine as it was, and is refused where that can't be done."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.backend.history import open_backend
from rollback_plugin.backend.project import open_project
from rollback_plugin.errors import NotReplayable
from rollback_plugin.journal.options import DEFAULT_OPTIONS, Keeping, OperationOptions
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.plan import Plan, Reason
from rollback_plugin.replay.source.rerun import SourceReplay
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.version import ConfigValue, Source, Version
from tests.unit.replay.test_source_checkout import bundled
from tests.unit.versions.examples import checkpoint, document

SHOP = StackName("shop", "dev")
PULUMI_YAML = "name: shop\nruntime: python\n"
LOGGING_ENGINE = """#!/bin/sh
exec >>"$HOME/log"
echo "$1 $ROLLBACK_PLUGIN_OPERATION"
command -p cat Pulumi.yaml
echo
command -p cat Pulumi.dev.yaml
exit EXIT
"""


class Recorded:
    """A stack with one version, its state on a file backend, and an engine that only notes what it would run on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.here = folder / "here"
        self.here.mkdir()
        (self.here / "Pulumi.yaml").write_text(PULUMI_YAML)
        self.environ = {
            "HOME": str(folder),
            "PATH": str(folder / "bin"),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        }
        self.state = folder / "state" / ".pulumi" / "stacks" / "shop" / "dev.json"
        self.state.parent.mkdir(parents=True)
        (folder / "state" / ".pulumi" / "meta.yaml").write_text("version: 1\n")
        self.has_state()
        self.archive = VersionArchive(FolderStore(folder / "store"), SHOP)
        self.engine_exits_with(0)

    def engine_exits_with(self, code: int) -> None:
        command = self.folder / "bin" / "pulumi"
        command.parent.mkdir(exist_ok=True)
        command.write_text(LOGGING_ENGINE.replace("EXIT", str(code)))
        command.chmod(0o755)

    def has_state(self, **fields: Any) -> None:
        self.state.write_text(json.dumps(document(**fields)))

    def version(self, files: Mapping[str, str], **fields: Any) -> None:
        """Version 1, kept as a bundle of these files."""
        state = checkpoint(**fields.pop("state", {}))
        time = datetime(2026, 1, 1, tzinfo=UTC)
        source = Source(bundle=self.archive.blobs.keep(bundled(files)))
        known = {"source": source, "succeeded": True, "stack": SHOP, **fields}
        version = Version(
            number=1, update="dev-1", started_at=time, finished_at=time, checkpoint_digest=state.digest, **known
        )
        self.archive.write(version, state)

    def plan(self, options: OperationOptions = DEFAULT_OPTIONS) -> Plan:
        project = open_project(self.here, "dev", self.environ)
        backend = open_backend(project.backend_url, self.environ)
        return SourceReplay(project, Engine(project, self.environ), backend, self.archive, self.environ).plan(
            1, options
        )

    def refusal(self) -> str:
        (refusal,) = self.plan().refusals
        assert refusal.urn == SHOP.root_urn
        return f"{refusal.property}: {refusal.why}"

    @property
    def log(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path)


def test_the_program_gets_the_recorded_config_and_is_told_that_it_is_a_plan(recorded: Recorded) -> None:
    recorded.version(
        {"Pulumi.yaml": PULUMI_YAML, "Pulumi.dev.yaml": "config: {shop:size: 9}", "__main__.py": ""},
        config={"shop:size": ConfigValue(value="1"), "shop:key": ConfigValue(value="v1:cipher", secret=True)},
    )

    plan = recorded.plan()

    assert plan.refusals == ()
    assert recorded.log[0] == "preview planning"
    assert recorded.log[1:3] == PULUMI_YAML.splitlines()
    assert json.loads(recorded.log[-1]) == {
        "encryptionsalt": "v1:salt",
        "config": {"shop:size": "1", "shop:key": {"secure": "v1:cipher"}},
    }


def test_a_store_named_by_a_relative_path_stays_the_same_one(recorded: Recorded) -> None:
    (recorded.here / "Pulumi.dev.yaml").write_text("config:\n  rollback:store: ../store\n")
    recorded.version({"Pulumi.yaml": PULUMI_YAML}, config={"rollback:store": ConfigValue(value="../store")})

    recorded.plan()

    assert json.loads(recorded.log[-1])["config"] == {"rollback:store": f"file://{recorded.folder}/store"}


def test_its_virtual_environment_is_taken_from_this_machine(recorded: Recorded) -> None:
    python = recorded.here / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    runtime = "{name: python, options: {virtualenv: venv, typechecker: mypy}}"
    recorded.version({"Pulumi.yaml": f"name: shop\nruntime: {runtime}\ndescription: The shop\n"})

    plan = recorded.plan()

    options = {"virtualenv": str(recorded.here / "venv"), "typechecker": "mypy", "toolchain": "pip"}
    assert json.loads(recorded.log[1]) == {
        "name": "shop",
        "runtime": {"name": "python", "options": options},
        "description": "The shop",
    }
    assert str(recorded.here / "venv") in plan.remarks[0].text


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"Pulumi.yaml": "name: other\nruntime: python\n"}, "its project is other, not shop"),
        ({"Pulumi.yaml": "name: shop\nruntime: nodejs\n"}, "its runtime is nodejs"),
        ({"Pulumi.yaml": "name: ["}, "it can't be opened as a Pulumi project"),
        ({"Pulumi.yaml": PULUMI_YAML + "stackConfigDir: ../../elsewhere\n"}, "outside of its repository"),
    ],
)
def test_a_project_that_can_not_be_run_here(recorded: Recorded, files: Mapping[str, str], said: str) -> None:
    recorded.version(files)

    assert said in recorded.refusal()
    assert recorded.log == []


def test_secret_config_of_another_key(recorded: Recorded) -> None:
    recorded.version({"Pulumi.yaml": PULUMI_YAML}, config={"shop:key": ConfigValue(value="v1:cipher", secret=True)})
    recorded.has_state(secrets_providers={"type": "passphrase", "state": {"salt": "v1:another"}})

    assert recorded.refusal().startswith("config: the stack's secrets provider or its key was changed")


def test_a_create_that_was_left_pending_is_not_run_over(recorded: Recorded) -> None:
    queue = {"urn": "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs", "type": "aws:sqs/queue:Queue", "custom": True}
    recorded.version({"Pulumi.yaml": PULUMI_YAML})
    recorded.has_state(pending_operations=[{"type": "creating", "resource": queue}])

    (refusal,) = recorded.plan().refusals

    assert (refusal.urn, refusal.reason) == (queue["urn"], Reason.HALF_CREATED)
    assert recorded.log == []


def test_what_was_deployed_since_the_rollback_is_not_run_over(recorded: Recorded) -> None:
    recorded.version({"Pulumi.yaml": PULUMI_YAML})

    (refusal,) = recorded.plan(OperationOptions(keeping=Keeping(base=1, version=3))).refusals

    assert "version 3 was deployed since its rollback" in refusal.why
    assert recorded.log == []


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"__main__.py": ""}, Reason.SOURCE_MISSING),
        ({"Pulumi.yaml": PULUMI_YAML, "uv.lock": ""}, Reason.ENVIRONMENT_MISSING),
    ],
)
def test_machines_are_told_what_is_missing(recorded: Recorded, files: Mapping[str, str], reason: Reason) -> None:
    recorded.version(files)

    assert [refusal.reason for refusal in recorded.plan().refusals] == [reason]


def test_a_version_of_another_stack(recorded: Recorded) -> None:
    recorded.version({"Pulumi.yaml": PULUMI_YAML}, stack=StackName("shop", "prod"))

    assert "the version belongs to shop/prod" in recorded.refusal()


def test_a_program_that_fails_in_its_preview(recorded: Recorded) -> None:
    recorded.version({"Pulumi.yaml": PULUMI_YAML})
    recorded.engine_exits_with(1)

    (refusal,) = recorded.plan().refusals

    assert refusal.reason is Reason.PROGRAM_FAILS
    assert refusal.why.startswith("its own preview fails")


def test_what_was_in_the_way_may_be_put_right(recorded: Recorded) -> None:
    recorded.version({"Pulumi.yaml": PULUMI_YAML})
    recorded.engine_exits_with(1)
    project = open_project(recorded.here, "dev", recorded.environ)
    backend = open_backend(project.backend_url, recorded.environ)
    replay = SourceReplay(project, Engine(project, recorded.environ), backend, recorded.archive, recorded.environ)

    refused = replay.plan(1).refusals
    recorded.engine_exits_with(0)

    assert refused != ()
    assert replay.plan(1).refusals == ()
    assert replay.plan(1) == replay.plan(1)
    assert "\n".join(recorded.log).count("preview planning") == 2


def test_a_destroyed_stack_is_nothing_to_run(recorded: Recorded) -> None:
    recorded.version({"Pulumi.yaml": PULUMI_YAML}, kind="destroy")

    with pytest.raises(NotReplayable, match="is a `pulumi destroy`"):
        recorded.plan()
