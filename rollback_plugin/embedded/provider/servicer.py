"""The ResourceProvider gRPC service: what the engine calls, turned into Check, Diff, and AWS calls.

Protocol: pulumi/pulumi, proto/pulumi/provider.proto. Secrets are declined in Configure, as the bridge does: the engine
strips them from what it sends, and marks outputs of secret inputs itself.
"""

import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from rollback_plugin.errors import EmbeddedError, RollbackPluginError

from .check import Naming, check
from .cloud import Clients, Cloud
from .configuration import Configuration
from .description import Change, ResourceType
from .diff import Comparison, DifferenceKind, compare
from .invokes import INVOKES
from .plan import extracted_inputs, planned_creation, planned_update, with_secrets, with_unreadable
from .services import find_resource_type
from .values import Properties, contains_unknown, decode_properties, encode_properties, without_internal_keys

_KINDS = {
    (DifferenceKind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (DifferenceKind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (DifferenceKind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (DifferenceKind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
    (DifferenceKind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (DifferenceKind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
}

_Servicer = TypeVar("_Servicer")
_Request = TypeVar("_Request")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class _Unfinished(Exception):
    """A resource that exists, but could not be finished or read: the engine keeps it and updates it later."""

    identifier: str
    reason: str
    inputs: struct_pb2.Struct


def _reporting(
    method: Callable[[_Servicer, _Request, grpc.ServicerContext], _Answer],
) -> Callable[[_Servicer, _Request, grpc.ServicerContext], _Answer]:
    """Turns our own errors into a gRPC status the engine prints as a one-line diagnostic."""

    @wraps(method)
    def reporting(self: _Servicer, request: _Request, context: grpc.ServicerContext) -> _Answer:
        try:
            return method(self, request, context)
        except _Unfinished as unfinished:
            _abort_unfinished(context, unfinished)
        except RollbackPluginError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return reporting


def _abort_unfinished(context: grpc.ServicerContext, unfinished: _Unfinished) -> NoReturn:
    """As ErrorResourceInitFailed in google.rpc.Status details (pulumi/pulumi, proto/pulumi/provider.proto)."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=unfinished.identifier,
            properties=unfinished.inputs,
            inputs=unfinished.inputs,
            reasons=[unfinished.reason],
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=unfinished.reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, unfinished.reason)


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider serves one configuration, set once by Configure."""

    def __init__(self, version: str, clients_of: Callable[[Configuration], Clients] = Clients) -> None:
        """clients_of: makes the AWS clients for a configuration; several providers in one process can share theirs."""
        self._version = version
        self._clients_of = clients_of
        self._configured: Future[Cloud] = Future()

    # About the plugin.

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=False, accept_resources=False, accept_outputs=False
        )

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": self._version}))

    def Attach(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    # Configuration.

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """A changed region replaces the provider, and so all it made; any other change of configuration does not."""
        old, new = decode_properties(request.old_inputs or request.olds), decode_properties(request.news)
        changed = sorted(key for key in old.keys() | new.keys() if key != "version" and old.get(key) != new.get(key))
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changes, diffs=changed, replaces=[key for key in changed if key == "region"]
        )

    @_reporting
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        configuration = Configuration.from_properties(decode_properties(request.args))
        self._configured.set_result(Cloud(self._clients_of(configuration), configuration.region))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    @property
    def _cloud(self) -> Cloud:
        return self._configured.result(timeout=30)

    def _cloud_for(self, properties: Properties) -> Cloud:
        region = properties.get("region")
        return self._cloud.in_region(region) if isinstance(region, str) and region else self._cloud

    # Resources.

    @_reporting
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        resource = _resource_type(request.urn)
        naming = Naming(_name(request.urn), request.randomSeed)
        inputs, failures = check(
            resource,
            decode_properties(request.olds),
            decode_properties(request.news),
            naming,
            self._cloud.clients.configuration,
        )
        return provider_pb2.CheckResponse(
            inputs=encode_properties(with_secrets(resource, inputs)),
            failures=[provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in failures],
        )

    @_reporting
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        resource = _resource_type(request.urn)
        comparison = compare(
            resource, decode_properties(request.olds), decode_properties(request.news), request.ignoreChanges
        )
        return diff_response(comparison)

    @_reporting
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        resource = _resource_type(request.urn)
        inputs = decode_properties(request.properties)
        if request.preview:
            planned = without_internal_keys(planned_creation(resource, inputs))
            return provider_pb2.CreateResponse(properties=encode_properties(with_secrets(resource, planned)))
        cloud = self._cloud_for(inputs)
        wanted = without_internal_keys(inputs)
        identifier = resource.operations.create(cloud, wanted)
        try:
            resource.operations.settle(cloud, identifier, wanted)
            state = _state_after(resource, cloud, identifier, wanted)
        except RollbackPluginError as error:
            raise _Unfinished(identifier, str(error), request.properties) from error
        return provider_pb2.CreateResponse(id=identifier, properties=encode_properties(with_secrets(resource, state)))

    @_reporting
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        resource = _resource_type(request.urn)
        state, inputs = decode_properties(request.olds), decode_properties(request.news)
        comparison = compare(resource, state, inputs, request.ignoreChanges)
        if request.preview:
            planned = planned_update(resource, state, inputs, comparison)
            return provider_pb2.UpdateResponse(properties=encode_properties(with_secrets(resource, planned)))
        cloud = self._cloud_for(inputs)
        wanted = without_internal_keys(inputs)
        resource.operations.update(cloud, request.id, Change(state, wanted, comparison.changed))
        updated = _state_after(resource, cloud, request.id, wanted)
        return provider_pb2.UpdateResponse(properties=encode_properties(with_secrets(resource, updated)))

    @_reporting
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        resource = _resource_type(request.urn)
        known, old_inputs = decode_properties(request.properties), decode_properties(request.inputs)
        cloud = self._cloud_for(known)
        read = resource.operations.read(cloud, request.id, known)
        if read is None:
            return provider_pb2.ReadResponse()
        state = with_unreadable(resource, read, {"region": cloud.region} | known)
        inputs = extracted_inputs(resource, old_inputs, state)
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=encode_properties(with_secrets(resource, state)),
            inputs=encode_properties(with_secrets(resource, inputs)),
        )

    @_reporting
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        resource = _resource_type(request.urn)
        state = decode_properties(request.properties)
        resource.operations.delete(self._cloud_for(state), request.id, state)
        return empty_pb2.Empty()

    # Functions.

    @_reporting
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        function = INVOKES.get(request.tok)
        if function is None:
            raise EmbeddedError(
                f"The stand-in aws provider does not serve the function {request.tok}. "
                f"It serves: {', '.join(sorted(INVOKES))}."
            )
        arguments = decode_properties(request.args)
        if contains_unknown(arguments):
            raise EmbeddedError(f"The function {request.tok} was called with a value that is not known yet.")
        answer = function(self._cloud_for(arguments), arguments)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode_properties(answer))
        return response


def diff_response(comparison: Comparison) -> provider_pb2.DiffResponse:
    """`comparison` as the engine reads it: detailed kinds, and the top-level names behind them."""
    changes = provider_pb2.DiffResponse.DIFF_SOME if comparison.differences else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=changes,
        diffs=sorted(comparison.changed),
        replaces=comparison.replaces,
        stables=comparison.stables,
        deleteBeforeReplace=comparison.delete_before_replace,
        detailedDiff={
            each.path: provider_pb2.PropertyDiff(kind=_KINDS[each.kind, each.replaces])
            for each in comparison.differences
        },
        hasDetailedDiff=True,
    )


def _state_after(resource: ResourceType, cloud: Cloud, identifier: str, inputs: Properties) -> Properties:
    read = resource.operations.read(cloud, identifier, inputs)
    if read is None:
        raise EmbeddedError(f"reading {resource.title} ({identifier}): AWS does not know it right after it was made.")
    return with_unreadable(resource, read, inputs)


def _resource_type(urn: str) -> ResourceType:
    return find_resource_type(urn.split("::")[2].rsplit("$", 1)[-1])


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]
