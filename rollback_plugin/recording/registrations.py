"""What a program registers, seen on its way to the engine.

Every registration of the Python SDK is one call on the run's own connection (`do_rpc_call` in
pulumi/runtime/resource.py): its inputs and options are resolved there, and the engine knows nothing of them yet. So
nothing is asked or sent once more, and a program of a thousand resources is not held up.

The engine is asked to show every resource (`TransformServer`) as soon as it knows what this process doesn't: the
children of remote components, and what transforms make of a resource.
"""

import threading
import weakref
from collections.abc import Callable
from typing import Any

import grpc
import pulumi
from google.protobuf import json_format
from pulumi.runtime import _callbacks
from pulumi.runtime.proto import callback_pb2, resource_pb2, resource_pb2_grpc

from rollback_plugin.recording.asset_keeping import AssetKeeper
from rollback_plugin.recording.declared_options import OptionKeeper
from rollback_plugin.recording.transform_server import TransformServer
from rollback_plugin.versions.properties import ARCHIVE_SIGNATURE, ASSET_SIGNATURE

_ASSETS = (ASSET_SIGNATURE.encode(), ARCHIVE_SIGNATURE.encode())


class Registrations:
    """Those of one run. Seen in the SDK's threads, several at a time."""

    def __init__(
        self,
        root: pulumi.Resource,
        monitor: resource_pb2_grpc.ResourceMonitorStub,
        keeper: AssetKeeper,
        options: OptionKeeper,
        warn: Callable[[str], None],
    ) -> None:
        """
        Args:
            root: the run's root resource, whose end is the end of the run.
            monitor: the run's own connection to the engine.
            warn: called from any thread.
        """
        self._root = weakref.ref(root)
        self._monitor = monitor
        self._keeper = keeper
        self._options = options
        self._warn = warn
        self._register = monitor.RegisterResource
        self._transform = monitor.RegisterStackTransform
        self._asking = threading.Lock()
        self._engine_shows: bool | None = None
        """None while it wasn't asked to."""

    def watch(self) -> None:
        """See every registration from now on."""
        # On this connection alone: another run in this process has its own.
        self._monitor.RegisterResource = self._registering  # type: ignore[assignment]
        self._monitor.RegisterStackTransform = self._transforming  # type: ignore[assignment]
        if _may_be_transformed(self._monitor):
            self._have_engine_show()

    def _registering(self, request: resource_pb2.RegisterResourceRequest, *arguments: Any, **named: Any) -> Any:
        if request.remote or request.transforms:
            self._have_engine_show()
        if not self._engine_shows:
            self._see(request)
        return self._register(request, *arguments, **named)

    def _transforming(self, callback: callback_pb2.Callback, *arguments: Any, **named: Any) -> Any:
        answer = self._transform(callback, *arguments, **named)
        # After the program's own, so that what it makes of a resource is seen.
        self._have_engine_show()
        return answer

    def _see(self, request: resource_pb2.RegisterResourceRequest) -> None:
        try:
            if request.deleteBeforeReplaceDefined or request.aliases:
                stated = request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None
                self._options.note(request.parent, request.type, request.name, stated, request.aliases)
            written = request.object.SerializeToString()
            if any(signature in written for signature in _ASSETS):
                self._keeper.keep(f"{request.type} {request.name}", json_format.MessageToDict(request.object))
        except Exception as error:  # noqa: BLE001 - nobody's deploy fails because of what only watches it
            self._warn(f"What a rollback needs of {request.type} {request.name} is not kept: {type(error).__name__}")

    def _have_engine_show(self) -> None:
        with self._asking:
            if self._engine_shows is not None:
                return
            server = TransformServer(self._keeper, self._options)
            # A process may run more than one program: what serves a run ends with it.
            if (root := self._root()) is not None:
                weakref.finalize(root, server.stop).atexit = False
            try:
                server.start(self._transform)
                self._engine_shows = True
            except grpc.RpcError as error:
                self._engine_shows = False
                self._warn(
                    "The assets of remote components, and those that transforms make, are not kept, so a rollback"
                    f" can't bring them back: the engine refuses to show them ({error.details()})."
                )


def _may_be_transformed(monitor: resource_pb2_grpc.ResourceMonitorStub) -> bool:
    """Whether the program has, perhaps, registered transforms already. The SDK keeps the servers that carry out
    transforms and hooks in a list of its own; where it doesn't any more, nobody knows."""
    servicers = getattr(_callbacks._CallbackServicer, "_servicers", None)
    return servicers is None or any(getattr(each, "_monitor", monitor) is monitor for each in servicers)
