"""What a program registers is seen on its way to the engine, which is asked to show what only it knows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime import _callbacks
from pulumi.runtime.proto import callback_pb2, resource_pb2

from rollback_plugin.recording.asset_keeping import AssetKeeper
from rollback_plugin.recording.declared_options import OptionKeeper
from rollback_plugin.recording.registrations import Registrations
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import sha256_hex

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
CODE = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "path": "code.py"}


class Refused(grpc.RpcError):
    def details(self) -> str:
        return "unknown method"


class Engine:
    """A run's connection to the engine, as far as it is used; it is told in the order of the calls."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.told: list[str] = []
        self.on_registration: Callable[[], None] = lambda: None
        self._refuses = refuses
        self.RegisterResource: Any = self._register
        self.RegisterStackTransform: Any = self._transform

    def _register(self, request: resource_pb2.RegisterResourceRequest) -> str:
        self.on_registration()
        self.told.append(request.name)
        return f"urn of {request.name}"

    def _transform(self, callback: callback_pb2.Callback) -> None:
        if self._refuses:
            raise Refused
        self.told.append("own" if callback.token == "of the program" else "ours")


class Root:
    """Stands for the run's root resource: what matters is when it ends."""


class Run:
    def __init__(self, folder: Path, engine: Engine) -> None:
        self.engine, self.store, self.warnings = engine, FolderStore(folder / "store"), list[str]()
        self.options = OptionKeeper()
        keeper = AssetKeeper(BlobStore(self.store), folder, self.warnings.append)
        self.root = Root()
        self.seen = Registrations(self.root, engine, keeper, self.options, self.warnings.append)  # type: ignore[arg-type]

    def registers(self, name: str, **fields: Any) -> object:
        request = resource_pb2.RegisterResourceRequest(type="test:index:Thing", name=name, parent=STACK, **fields)
        request.object.update({"code": CODE, "size": 1})
        return self.engine.RegisterResource(request)

    @property
    def kept(self) -> list[str]:
        return [key.rpartition("/")[2] for key in self.store.list()]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def run(tmp_path: Path, engine: Engine) -> Run:
    (tmp_path / "code.py").write_text("code")
    return Run(tmp_path, engine)


def test_bytes_are_kept_before_the_engine_knows_of_them(run: Run, engine: Engine) -> None:
    kept: list[list[str]] = []
    engine.on_registration = lambda: kept.append(run.kept)
    run.seen.watch()

    answer = run.registers("one")

    assert answer == "urn of one"
    assert kept == [[sha256_hex(b"code")]]


def test_options_are_kept_by_urn(run: Run) -> None:
    run.seen.watch()

    run.registers("stated", deleteBeforeReplace=True, deleteBeforeReplaceDefined=True)
    run.registers("unstated", deleteBeforeReplace=True)

    assert {urn.rpartition("::")[2]: known.delete_before_replace for urn, known in run.options.by_urn.items()} == {
        "stated": True
    }


def test_a_program_of_its_own_resources_alone_is_not_held_up_by_the_engine(run: Run, engine: Engine) -> None:
    run.seen.watch()

    run.registers("one")
    run.registers("two")

    assert engine.told == ["one", "two"]


@pytest.mark.parametrize(
    "known_to_the_engine", [{"remote": True}, {"transforms": [callback_pb2.Callback(token="of the program")]}]
)
def test_the_engine_shows_remote_components_and_what_transforms_make(
    run: Run, engine: Engine, known_to_the_engine: dict[str, Any]
) -> None:
    run.seen.watch()

    run.registers("before")
    run.registers("one", **known_to_the_engine)
    run.registers("two", **known_to_the_engine)

    assert engine.told == ["before", "ours", "one", "two"]


def test_the_programs_transforms_come_before_ours(run: Run, engine: Engine) -> None:
    run.seen.watch()

    engine.RegisterStackTransform(callback_pb2.Callback(token="of the program"))
    run.registers("one")

    assert engine.told == ["own", "ours", "one"]


def test_an_sdk_that_does_not_say_whether_there_are_transforms_is_taken_to_have_some(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(_callbacks._CallbackServicer, "_servicers")

    run.seen.watch()

    assert engine.told == ["ours"]


def test_an_engine_that_shows_nothing_is_said_once_and_the_deploy_goes_on(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("code")
    run = Run(tmp_path, Engine(refuses=True))
    run.seen.watch()

    run.registers("one", remote=True)
    run.registers("two", remote=True)

    assert run.engine.told == ["one", "two"]
    assert run.kept == [sha256_hex(b"code")]
    assert len(run.warnings) == 1
    assert "unknown method" in run.warnings[0]
