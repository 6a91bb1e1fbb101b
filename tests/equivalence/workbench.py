"""Where examples are tried: one AWS, one engine, and programs that run inside this process.

An example costs a dozen runs of the engine. So that hundreds can be tried, a run starts neither an interpreter for the
program nor one for the provider: the program runs in the SDK's own language server here (as the Automation API runs
inline programs), and the engine attaches to a provider that is served here (PULUMI_DEBUG_PROVIDERS, read in
sdk/go/common/resource/plugin/provider_plugin.go, v3.259.0). What they say to the engine is the same.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import grpc
import yaml
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.embedded.provider.cloud import Clients
from rollback_plugin.embedded.provider.configuration import Configuration
from rollback_plugin.embedded.provider.install import installed_version
from rollback_plugin.embedded.provider.servicer import AwsProvider
from rollback_plugin.replay.language_server import CHANNEL_OPTIONS

REGION = "us-east-1"
PROJECT = "generated"
STACK = "dev"
CONCURRENT_CALLS = 16


class ProgramFailed(Exception):
    """The engine refused or failed to run a program."""


@contextmanager
def variables(wanted: Mapping[str, str]) -> Iterator[None]:
    """Have these variables in this process's environment for a while."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Accounts:
    """moto takes the account from a header (moto/core/responses.py): forgetting all it has would take seconds."""

    def __init__(self) -> None:
        self.current = 100_000_000_000

    @property
    def header(self) -> str:
        return str(self.current)

    def listen_to(self, client: Any) -> None:
        """Have all that the client asks go to the account."""
        client.meta.events.register("before-sign", self.put_into)

    def put_into(self, request: Any, **_: object) -> None:
        request.headers["x-moto-account-id"] = self.header


@dataclass(frozen=True)
class _AccountClients(Clients):
    """boto3 clients that follow the account."""

    accounts: Accounts = field(default_factory=Accounts)

    def _make(self, service: str, region: str) -> Any:
        made = super()._make(service, region)
        self.accounts.listen_to(made)
        return made


class Workbench:
    """Use it in a `with` block; one example at a time."""

    def __init__(self, accounts: Accounts | None = None, *, alarms_evaluated_every_seconds: float = 10.0) -> None:
        self.aws = EmbeddedAws(evaluation_interval_seconds=alarms_evaluated_every_seconds)
        self._accounts = accounts or Accounts()
        self._providers = _AttachedProviders(self._accounts)

    def __enter__(self) -> Self:
        self.aws.__enter__()
        self._folder = TemporaryDirectory(prefix="rollback-plugin-equivalence-")
        self.folder = Path(self._folder.name).resolve()
        port = self._providers.start()
        self.environment = {
            **{name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ},
            **self.aws.environment,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
        }
        # The provider served here reads this process's environment, as a plugin process reads the engine's.
        self._variables = variables(self.aws.environment)
        self._variables.__enter__()
        self._readers = _AccountClients(Configuration.from_properties({}), accounts=self._accounts)
        self._template = self.folder / "template"
        self._initialise(self._template)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._variables.__exit__(None, None, None)
        self._providers.stop()
        self._folder.cleanup()
        self.aws.__exit__(kind, error, trace)

    def next_account(self) -> str:
        """From now on everything happens in an AWS account that has nothing in it; returns its number."""
        self._accounts.current += 1
        return self._accounts.header

    def client(self, service: str, region: str) -> Any:
        return self._readers.get(service, region)

    @contextmanager
    def project(self) -> Iterator["InlineProject"]:
        """A project with a new stack, as `pulumi stack init` and `pulumi config set aws:region` leave it."""
        with TemporaryDirectory(dir=self.folder) as created:
            folder = Path(created) / "project"
            shutil.copytree(self._template, folder)
            yield InlineProject(folder, self.environment)

    def _initialise(self, folder: Path) -> None:
        (folder / "root").mkdir(parents=True)
        (folder / "state").mkdir()
        (folder / "root" / "Pulumi.yaml").write_text(json.dumps({"name": PROJECT, "runtime": "python"}))
        project = InlineProject(folder, self.environment)
        # Deriving a key from a passphrase takes as long as all else that a short run of the engine does.
        keys = Clients(Configuration.from_properties({})).get("kms", REGION)
        key = keys.create_key()["KeyMetadata"]["KeyId"]
        project.pulumi("stack", "init", STACK, "--secrets-provider", f"awskms:///{key}?region={REGION}")
        project.pulumi("config", "set", "aws:region", REGION, "--stack", STACK)
        settings = yaml.safe_load((project.root / f"Pulumi.{STACK}.yaml").read_text())
        encrypted = base64.b64decode(settings["encryptedkey"])
        self.data_key: bytes = keys.decrypt(CiphertextBlob=encrypted)["Plaintext"]


class InlineProject:
    """A project folder and its backend, with a program in this process."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.root = folder / "root"
        self.state_folder = folder / "state"
        self.environment = {**environment, "PULUMI_BACKEND_URL": self.state_folder.as_uri()}

    def write(self, files: dict[str, str | bytes]) -> None:
        """Have these files, and no others, beside the project's own."""
        for path in self.root.iterdir():
            if path.name.startswith("Pulumi."):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def up(self, code: str) -> None:
        """Deploy a program. Raises `ProgramFailed`."""
        self._run(code, "up", "--yes", "--skip-preview")

    def preview(self, code: str) -> str:
        """What the program would change. Raises `ProgramFailed` if it would change a resource."""
        return self._run(code, "preview", "--expect-no-changes", "--diff")

    def pulumi(self, *arguments: str) -> str:
        ended = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise ProgramFailed(f"{ended.stdout}\n{ended.stderr}")
        return ended.stdout

    def _run(self, code: str, command: str, *arguments: str) -> str:
        compiled = compile(code, "__main__.py", "exec")

        def program() -> None:
            exec(compiled, {"__name__": "__main__"})  # noqa: S102 - the program is our own, just rendered

        calls = ThreadPoolExecutor(CONCURRENT_CALLS)
        server = grpc.server(calls, options=CHANNEL_OPTIONS)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            # Program and provider find what they look for where, and with what variables, a process of their own would.
            with chdir(self.root), variables(self.environment):
                return self.pulumi(
                    command, f"--client=127.0.0.1:{port}", "--exec-kind=auto.inline", "--stack", STACK, *arguments
                )
        finally:
            server.stop(grace=None).wait()
            # A stopped server leaves its threads behind, hundreds of them over a campaign.
            calls.shutdown(wait=False)


class _AttachedProviders:
    """Serves every provider instance the engine makes: each has a connection of its own, and is known by that."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._instances: dict[str, AwsProvider] = {}
        self._clients: dict[str, Clients] = {}
        self._lock = threading.Lock()
        self._version = installed_version()

    def start(self) -> int:
        """Returns the port."""
        methods = {
            name: _forwarded(method, self._instance)
            for name, method in vars(AwsProvider).items()
            if name[:1].isupper() and callable(method)
        }
        dispatching = type("DispatchingProvider", (provider_pb2_grpc.ResourceProviderServicer,), methods)
        self._calls = ThreadPoolExecutor(CONCURRENT_CALLS)
        self._server = grpc.server(self._calls, options=CHANNEL_OPTIONS)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(dispatching(), self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        return port

    def _clients_of(self, configuration: Configuration) -> Clients:
        """One set of clients per configuration: making one takes longer than a whole run of the engine."""
        with self._lock:
            made = _AccountClients(configuration, accounts=self._accounts)
            return self._clients.setdefault(repr(configuration), made)

    def stop(self) -> None:
        self._server.stop(grace=None).wait()
        self._calls.shutdown(wait=False)

    def _instance(self, peer: str, *, new: bool) -> AwsProvider:
        """The instance behind a connection. A handshake opens a new one; ports are used again."""
        with self._lock:
            if new:
                self._instances[peer] = AwsProvider(self._version, self._clients_of)
            return self._instances[peer]


def _forwarded(method: Callable[..., Any], instance: Callable[..., AwsProvider]) -> Callable[..., Any]:
    def forward(self: object, request: object, context: grpc.ServicerContext) -> Any:
        return method(instance(context.peer(), new=method.__name__ == "Handshake"), request, context)

    return forward
