"""The engine's counterpart inside this process: the language runtime it asks to run the program, and the sink of its
events.

With `pulumi up --client=127.0.0.1:PORT` the engine takes its program from an existing server instead of starting a
language host (`newLanguageRuntime…` for runtime `client` in sdk/go/common/resource/plugin/langruntime_plugin.go,
v3.259.0); with `--event-log tcp://127.0.0.1:PORT` it streams its events to one (pkg/backend/display/display.go).
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2

from rollback_plugin.errors import EngineFailed, RollbackPluginError
from rollback_plugin.replay.events import EngineEvent, read_event
from rollback_plugin.replay.protocol import events_pb2_grpc, language_pb2, language_pb2_grpc, plugin_pb2

Program = Callable[[language_pb2.RunRequest], None]
"""Registers resources with the request's resource monitor. Raises a `RollbackPluginError` to fail the update, and
`grpc.RpcError` where the engine itself gave up and has already said why."""

CONCURRENT_CALLS = 8
MESSAGE_LIMIT_BYTES = 400 * 1024 * 1024
"""The engine's own limit (sdk/go/common/util/rpcutil/serve.go)."""
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_LIMIT_BYTES),
    ("grpc.max_send_message_length", MESSAGE_LIMIT_BYTES),
    ("grpc.enable_http_proxy", 0),
)


class _LanguageRuntime(language_pb2_grpc.LanguageRuntimeServicer):
    def __init__(self, program: Program) -> None:
        self._program = program
        self.failure: RollbackPluginError | None = None

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> language_pb2.LanguageHandshakeResponse:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo()

    def GetRequiredPlugins(
        self, request: Any, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(
        self, request: Any, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        return language_pb2.GetRequiredPackagesResponse()

    def About(self, request: Any, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        return language_pb2.AboutResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        try:
            self._program(request)
        except grpc.RpcError:
            return language_pb2.RunResponse(bail=True)
        except RollbackPluginError as error:
            self.failure = error
            return language_pb2.RunResponse(error=str(error))
        except Exception as error:  # noqa: BLE001 - handed on whole; gRPC would turn it into a bare status
            self.failure = EngineFailed(
                f"The replay broke off with an internal error ({type(error).__name__}). Nothing more was registered"
                " with the engine; please report this with the traceback that a debugger shows."
            )
            self.failure.__cause__ = error
            return language_pb2.RunResponse(error=str(self.failure))
        return language_pb2.RunResponse()


class _Events(events_pb2_grpc.EventsServicer):
    def __init__(self, on_event: Callable[[EngineEvent], None]) -> None:
        self._on_event = on_event

    def StreamEvents(self, request_iterator: Iterator[Any], context: grpc.ServicerContext) -> empty_pb2.Empty:
        for request in request_iterator:
            event = read_event(json.loads(request.event))
            if event is not None:
                self._on_event(event)
        return empty_pb2.Empty()


class LanguageServer:
    """A running server."""

    def __init__(self, address: str, runtime: _LanguageRuntime | None) -> None:
        self.events = address
        """Where the engine's events go: `127.0.0.1:PORT`."""
        self.program = None if runtime is None else address
        """Where the engine finds the program that is served, if one is."""
        self._runtime = runtime

    @property
    def failure(self) -> RollbackPluginError | None:
        """Why the program served here failed, where it was the program that did."""
        return None if self._runtime is None else self._runtime.failure


@contextmanager
def serve(program: Program | None, on_event: Callable[[EngineEvent], None]) -> Iterator[LanguageServer]:
    """Serve a program to the engine on a free loopback port for the duration of the block.

    Args:
        program: None where the engine runs one of its own, and only its events are received.
        on_event: called from the server's threads, one event at a time, in the engine's order.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=CONCURRENT_CALLS), options=CHANNEL_OPTIONS)
    runtime = None if program is None else _LanguageRuntime(program)
    if runtime is not None:
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(runtime, server)
    events_pb2_grpc.add_EventsServicer_to_server(_Events(on_event), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield LanguageServer(f"127.0.0.1:{port}", runtime)
    finally:
        server.stop(grace=None).wait()
