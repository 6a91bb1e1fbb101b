"""Each deploy becomes a version, once, whatever happens in between."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.backend.history import Backend
from rollback_plugin.errors import InvalidConfiguration, StoreUnreachable
from rollback_plugin.journal.entries import AlarmChanged, AlarmState
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.status import Verdict
from rollback_plugin.recording.record import RecordResult, ended_at
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.versions.canonical import sha256_hex
from rollback_plugin.versions.links import ProgramLinks
from rollback_plugin.versions.version import AssetForm, ConfigValue, Source
from tests.unit.recording.history import START, History
from tests.unit.versions.examples import SECRET, TEXT, resource

QUEUE = resource("queue", inputs={"size": 1}, id="q")
BIGGER_QUEUE = resource("queue", inputs={"size": 2}, id="q")
TOPIC = resource("topic", "aws:sns/topic:Topic", id="t")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def test_each_deploy_becomes_a_version_in_order(history: History) -> None:
    first, second = history.update(QUEUE), history.update(BIGGER_QUEUE, message="make it bigger")

    result = history.recorder().record()

    assert result == RecordResult(sealed=(1, 2))
    assert [(entry.version, entry.update) for entry in history.deployed()] == [(1, first), (2, second)]
    version = history.archive.read(2, history.deployed()[1].version_digest)
    assert (version.update, version.message, version.kind, version.engine) == (
        second,
        "make it bigger",
        "deploy",
        "v3.259.0",
    )
    assert (version.started_at, version.finished_at) == (
        START + timedelta(seconds=120),
        START + timedelta(seconds=180),
    )
    assert history.archive.checkpoint(1).resources[1].inputs == {"size": 1}
    assert history.archive.checkpoint(2).resources[1].inputs == {"size": 2}


def test_recording_again_changes_nothing(history: History) -> None:
    history.update(QUEUE)
    history.recorder().record()
    before = {key: history.store.read(key) for key in history.store.list()}

    assert history.recorder().record() == RecordResult()
    assert {key: history.store.read(key) for key in history.store.list()} == before


@pytest.mark.parametrize("kind", ["refresh", "import", "resource-import", "rename"])
def test_what_changes_the_state_without_the_program_makes_no_version(history: History, kind: str) -> None:
    history.update(QUEUE)
    history.update(BIGGER_QUEUE, kind=kind)
    history.update(QUEUE)

    history.recorder().record()

    assert [entry.version for entry in history.deployed()] == [1, 2]


def test_our_own_rollbacks_make_no_version(history: History) -> None:
    history.update(QUEUE)
    history.update(BIGGER_QUEUE)
    history.update(QUEUE, message="rollback-plugin op-1: back to version 1")

    assert history.recorder().record().sealed == (1, 2)


def test_a_failed_deploy_that_changed_something_is_a_failed_version(history: History) -> None:
    history.update(QUEUE)
    history.update(BIGGER_QUEUE, result="failed")

    history.recorder().record()

    status = fold(history.journal().entries(), history.now)
    assert [version.verdict for version in status.versions] == [Verdict.HEALTHY, Verdict.FAILED]
    assert status.applied == 2


def test_a_failed_deploy_that_changed_nothing_makes_no_version(history: History) -> None:
    refused_first = history.update(result="failed")
    history.update(QUEUE)
    refused = history.update({**QUEUE, "modified": "2030-01-01T00:00:00Z", "sourcePosition": "x#1"}, result="failed")
    history.update(BIGGER_QUEUE)

    result = history.recorder().record()

    assert result == RecordResult(sealed=(1, 2), skipped=(refused_first, refused))


def test_a_failed_deploy_that_only_left_another_order_makes_no_version(history: History) -> None:
    history.update(QUEUE, TOPIC)
    refused = history.update(TOPIC, QUEUE, result="failed")

    assert history.recorder().record() == RecordResult(sealed=(1,), skipped=(refused,))


def test_a_failed_deploy_that_only_encrypted_secrets_anew_makes_no_version(history: History) -> None:
    anew = {**SECRET, "ciphertext": "v1:anew"}
    history.update({**QUEUE, "outputs": {"keys": [SECRET]}}, outputs={"price": SECRET})
    refused = history.update(
        {**QUEUE, "outputs": {"keys": [anew]}}, outputs={"price": anew}, result="failed", changes={"same": 2}
    )

    assert history.recorder().record() == RecordResult(sealed=(1,), skipped=(refused,))


def test_a_failed_deploy_that_changed_only_a_secret_is_a_failed_version(history: History) -> None:
    anew = {**SECRET, "ciphertext": "v1:anew"}
    history.update({**QUEUE, "outputs": {"key": SECRET}})
    history.update({**QUEUE, "outputs": {"key": anew}}, result="failed", changes={"same": 1, "update": 1})

    assert history.recorder().record().sealed == (1, 2)


def test_a_deploy_that_succeeded_is_a_version_even_with_nothing_changed(history: History) -> None:
    history.update(QUEUE)
    history.update(QUEUE)

    assert history.recorder().record().sealed == (1, 2)


def test_a_destroyed_stack_is_applied_and_never_healthy(history: History) -> None:
    history.update(QUEUE)
    history.update(kind="destroy")

    history.recorder().record()

    status = fold(history.journal().entries(), history.now + timedelta(days=365))
    assert history.archive.read(2).kind == "destroy"
    assert (status.applied, status.version(2).verdict) == (2, Verdict.DESTROYED)


class TestWithoutAProject:
    """Only an update's own config says then which store its stack wants."""

    HERE = "s3://state/.rollback"

    def test_a_stack_with_a_store_of_its_own_is_left_alone(self, history: History) -> None:
        history.update()
        history.update(config={"rollback:store": "s3://elsewhere"})

        with pytest.raises(InvalidConfiguration, match=r"shop/dev keeps its versions in a store of its own"):
            history.recorder(only_kept_at=self.HERE).record()

        assert history.archive.numbers() == ()
        assert history.journal().entries() == ()

    @pytest.mark.parametrize("config", [{}, {"rollback:store": HERE}], ids=["no store named", "this one"])
    def test_other_stacks_are_recorded(self, history: History, config: dict[str, Any]) -> None:
        history.update(config={"rollback:store": "s3://before"})
        history.update(config=config)

        assert history.recorder(only_kept_at=self.HERE).record().sealed == (1, 2)

    def test_with_a_project_its_config_decides(self, history: History) -> None:
        history.update(config={"rollback:store": "s3://elsewhere"})

        assert history.recorder().record().sealed == (1,)


def test_an_unreadable_checkpoint_is_said_and_passed_over(history: History) -> None:
    history.update(QUEUE)
    damaged = history.update(checkpoint=b'{"version": 99, "checkpoint": {}}')
    history.update(BIGGER_QUEUE)

    result = history.recorder().record()

    assert (result.sealed, result.skipped) == ((1, 2), (damaged,))
    assert damaged in result.warnings[0]
    assert history.recorder().record() == RecordResult()


def test_entries_that_others_write_in_between_do_not_matter(history: History) -> None:
    alarm = AlarmChanged(alarm="errors", state=AlarmState.OK, since=START)
    history.update(QUEUE)
    recorder = history.recorder()
    history.journal().append_next(alarm)

    recorder.record()
    history.journal().append_next(alarm)
    history.update(BIGGER_QUEUE)

    assert recorder.record().sealed == (2,)


class FailingStore:
    """A store that fails at one of its writes, as if the process had been killed there."""

    def __init__(self, store: FolderStore, writes: int) -> None:
        self._store, self._left = store, writes
        self.location = store.location

    def read(self, key: str) -> bytes:
        return self._store.read(key)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        return self._store.list(prefix, after=after)

    def revisions(self, prefix: str) -> Mapping[str, str]:
        return self._store.revisions(prefix)

    def delete(self, key: str) -> None:
        self._store.delete(key)

    def write(self, key: str, data: bytes) -> None:
        self._spend()
        self._store.write(key, data)

    def create(self, key: str, data: bytes) -> None:
        self._spend()
        self._store.create(key, data)

    def _spend(self) -> None:
        if self._left == 0:
            raise StoreUnreachable("gone")
        self._left -= 1


def test_a_recorder_killed_at_any_write_is_gone_on_from(tmp_path: Path) -> None:
    writes = 0
    while True:
        (tmp_path / str(writes)).mkdir()
        history = History(tmp_path / str(writes))
        history.update(QUEUE)
        history.update(BIGGER_QUEUE)
        failing: ObjectStore = FailingStore(history.store, writes)
        try:
            history.recorder(store=failing).record()
        except StoreUnreachable:
            history.recorder().record()
            assert [entry.version for entry in history.deployed()] == [1, 2]
            for entry in history.deployed():
                assert history.archive.read(entry.version, entry.version_digest).update == entry.update
                history.archive.checkpoint(entry.version)
            writes += 1
            continue
        break
    assert writes >= 6, "two versions are at least two blobs, two objects and two entries"


class MeetingStore(FailingStore):
    """A store in which somebody else records everything just before the n-th write."""

    def __init__(self, history: History, writes: int) -> None:
        super().__init__(history.store, -1)
        self._history, self._until = history, writes

    def _spend(self) -> None:
        self._until -= 1
        if self._until == 0:
            self._history.recorder().record()


@pytest.mark.parametrize("writes", range(1, 8))
def test_two_recorders_at_once_agree(history: History, writes: int) -> None:
    history.update(QUEUE)
    history.update(BIGGER_QUEUE)

    history.recorder(store=MeetingStore(history, writes)).record()

    assert [entry.version for entry in history.deployed()] == [1, 2]
    for entry in history.deployed():
        assert history.archive.read(entry.version, entry.version_digest).update == entry.update


def test_a_capture_belongs_to_the_update_that_ran_its_program(history: History) -> None:
    history.update(QUEUE)
    capture = history.capture(digest="b" * 64)
    history.update(BIGGER_QUEUE)
    history.update(QUEUE)

    history.recorder().record()

    assert [history.archive.read(number).content_digest for number in (1, 2, 3)] == [None, "b" * 64, None]
    assert history.archive.read(2).source == capture.source
    assert [entry.content_digest for entry in history.deployed()] == [None, "b" * 64, None]


def test_of_two_captures_the_last_counts_because_a_killed_update_left_the_first(history: History) -> None:
    history.capture(after_seconds=-0.5, digest="a" * 64)
    history.capture(after_seconds=3, digest="b" * 64)
    history.update(QUEUE)

    history.recorder().record()

    assert history.archive.read(1).content_digest == "b" * 64


def test_where_values_came_from_is_kept_with_the_update_that_ran_its_program(history: History) -> None:
    history.links(outputs="first")
    history.update(QUEUE)
    history.update(BIGGER_QUEUE)
    history.links(outputs="killed", after_seconds=-0.5)
    last = history.links(outputs="last", after_seconds=3)
    history.update(QUEUE)

    history.recorder().record()

    versions = [history.archive.read(number) for number in (1, 2, 3)]
    assert versions[1].links is None
    assert history.archive.links(versions[1]) == ProgramLinks()
    assert history.archive.links(versions[2]) == last
    assert history.archive.links(versions[0]) != last


def test_the_end_of_an_update_is_known_to_the_microsecond(history: History) -> None:
    history.update(QUEUE)
    (update,) = Backend(history.backend_store).updates(history.archive.stack)

    assert ended_at(update) == START + timedelta(seconds=60)


def test_without_a_capture_the_source_is_what_the_engine_noted(history: History) -> None:
    history.update(QUEUE, environment={"git.head": "abc", "git.headName": "refs/heads/main", "git.dirty": "true"})
    history.update(QUEUE, environment={"git.author": "somebody"})

    history.recorder().record()

    assert history.archive.read(1).source == Source(commit="abc", branch="main", dirty=True)
    assert history.archive.read(2).source is None


def test_config_secrets_stay_ciphertext(history: History) -> None:
    history.update(QUEUE, config={"shop:token": {"secure": "v1:cipher"}, "shop:size": "3", "shop:list": ["a"]})

    history.recorder().record()

    assert history.archive.read(1).config == {
        "shop:token": ConfigValue(value="v1:cipher", secret=True),
        "shop:size": ConfigValue(value="3"),
        "shop:list": ConfigValue(value='["a"]', object=True),
    }


def test_provider_plugins_are_known_by_version(history: History) -> None:
    history.update(
        resource("default_7_51_1", "pulumi:providers:aws", inputs={"version": "7.51.1"}),
        resource("default_2_0_3", "pulumi:providers:random"),
        resource("mine", "pulumi:providers:unknown"),
    )

    history.recorder().record()

    assert history.archive.read(1).plugins == {"aws": "7.51.1", "random": "2.0.3"}


def file_asset(path: str, content: bytes) -> dict[str, str]:
    return {
        "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
        "hash": sha256_hex(content),
        "path": path,
    }


def test_assets_are_found_among_kept_bytes_and_then_in_the_projects_folder(history: History, tmp_path: Path) -> None:
    program = tmp_path / "project" / "program"
    program.mkdir(parents=True)
    (tmp_path / "project" / "Pulumi.yaml").write_text("name: shop\nruntime: python\nmain: program\n")
    (program / "here.py").write_bytes(b"here")
    (program / "changed.py").write_bytes(b"something else by now")
    history.archive.blobs.keep(b"kept")
    history.update(
        resource(
            "function",
            inputs={
                "kept": file_asset("deleted.py", b"kept"),
                "here": file_asset("here.py", b"here"),
                "changed": file_asset("changed.py", b"changed"),
                "gone": file_asset("gone.py", b"gone"),
                "text": TEXT,
                "secret": SECRET,
            },
        )
    )

    result = history.recorder(project_root=tmp_path / "project").record()

    version = history.archive.read(1)
    assert {name: asset.form for name, asset in version.assets.items()} == {
        sha256_hex(b"kept"): AssetForm.FILE,
        sha256_hex(b"here"): AssetForm.FILE,
    }
    assert history.archive.blobs.read(sha256_hex(b"here")) == b"here"
    assert [(asset.property, asset.path) for asset in version.missing_assets] == [
        ("changed", "changed.py"),
        ("gone", "gone.py"),
    ]
    assert len(result.warnings) == 2
    for warning, name in zip(result.warnings, ("changed", "gone"), strict=True):
        assert warning.startswith(
            f"Version 1 can't be re-applied once {version.missing_assets[0].urn} has another {name}"
        )


SERVICE = "rollback-plugin:index:LambdaService"


def service(name: str, *alarms: str, bake_seconds: int, bake_requests: int = 0) -> dict[str, object]:
    policy = {"bake_seconds": bake_seconds, "bake_requests": bake_requests}
    declared = {"name": name, "kind": "LambdaService", "alarms": alarms, "policy": policy}
    return resource(name, SERVICE, custom=False, outputs={"service": {**declared, "alarms": list(alarms)}})


def test_a_version_is_judged_by_all_its_services(history: History) -> None:
    patient = service("b", "y", "z", bake_seconds=300, bake_requests=500)
    history.update(service("a", "x", "y", bake_seconds=60), patient)

    history.recorder().record()

    (entry,) = history.deployed()
    assert (entry.alarms, entry.bake_seconds, entry.bake_requests) == (("x", "y", "z"), 300, 500)
    assert [found.name for found in history.archive.read(1).services] == ["a", "b"]


def test_a_stack_without_services_is_judged_by_its_config(history: History) -> None:
    history.update(QUEUE, config={"rollback:alarms": ["x", "y"], "rollback:bakeSeconds": "90"})

    history.recorder().record()

    (entry,) = history.deployed()
    assert (entry.alarms, entry.bake_seconds) == (("x", "y"), 90)


def test_a_service_that_can_not_be_read_is_said_and_the_version_made(history: History) -> None:
    history.update(resource("a", SERVICE, custom=False, outputs={"service": {"name": "a", "interface": SECRET}}))

    result = history.recorder().record()

    assert result.sealed == (1,)
    assert "secret" in result.warnings[0]
