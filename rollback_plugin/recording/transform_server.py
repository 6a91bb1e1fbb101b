"""Answers the engine's requests to transform resources, which show it what only the engine knows.

The engine offers every resource's inputs to transforms before it registers the resource: resolved, and those of remote
components' children too. This is one, spoken to over the engine's own protocol (proto/pulumi/callback.proto,
TransformRequest in resource.proto) and not through the SDK's `register_resource_transform`: that would rebuild every
resource reference as an object, with a request to the engine each, and answer on the program's event loop.
"""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import json_format
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from rollback_plugin.recording.asset_keeping import AssetKeeper
from rollback_plugin.recording.declared_options import OptionKeeper

THREADS = 8


class TransformServer(callback_pb2_grpc.CallbacksServicer):
    """Answers the engine's transform requests with what it asked, after the keepers saw it. Lives in this process
    only."""

    def __init__(self, keeper: AssetKeeper, options: OptionKeeper) -> None:
        self._keeper = keeper
        self._options = options
        self._token = str(uuid.uuid4())
        self._calls = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="keep-assets")
        self._server = grpc.server(self._calls)
        callback_pb2_grpc.add_CallbacksServicer_to_server(self, self._server)
        self._target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def start(self, register: Callable[[callback_pb2.Callback], object]) -> None:
        """Start answering, for every resource registered from now on. `register` tells the engine (its
        `RegisterStackTransform`). Raises `grpc.RpcError`."""
        self._server.start()
        register(callback_pb2.Callback(token=self._token, target=self._target))

    def stop(self) -> None:
        """Answer no more."""
        self._server.stop(grace=None)
        # gRPC leaves the threads that it was given alone.
        self._calls.shutdown(wait=False)

    def Invoke(  # noqa: N802 - the protocol's name
        self, request: callback_pb2.CallbackInvokeRequest, context: grpc.ServicerContext
    ) -> callback_pb2.CallbackInvokeResponse:
        """One resource about to be registered."""
        if request.token != self._token:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"There is no callback {request.token} here.")
        asked = resource_pb2.TransformRequest.FromString(request.request)
        stated = asked.options.HasField("delete_before_replace")
        self._options.note(
            asked.parent,
            asked.type,
            asked.name,
            asked.options.delete_before_replace if stated else None,
            asked.options.aliases,
        )
        self._keeper.keep(f"{asked.type} {asked.name}", json_format.MessageToDict(asked.properties))
        answer = resource_pb2.TransformResponse(properties=asked.properties, options=asked.options)
        return callback_pb2.CallbackInvokeResponse(response=answer.SerializeToString())
