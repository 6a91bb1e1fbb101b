"""Stands in for the program: registers recorded resources with the engine, each after what it depends on, relinked to
what is live."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache

import grpc

from rollback_plugin.errors import EngineFailed
from rollback_plugin.replay.goal import Goal, Registration
from rollback_plugin.replay.language_server import CHANNEL_OPTIONS
from rollback_plugin.replay.links import Links, Source, Traces, output_at
from rollback_plugin.replay.plugins import plugin_download_url, plugin_version
from rollback_plugin.replay.property_values import (
    UNKNOWN,
    Value,
    as_the_program_gave_it,
    from_struct,
    to_protobuf,
    to_struct,
    unwrapped,
)
from rollback_plugin.replay.protocol import language_pb2, resource_pb2, resource_pb2_grpc
from rollback_plugin.replay.recorded import RecordedResource, managed_originals
from rollback_plugin.replay.registration_order import RegistrationOrder
from rollback_plugin.replay.relink import (
    Conflict,
    LiveOutput,
    OutputTable,
    live_outputs,
    relink_output,
    relink_property,
    table_of,
    table_of_origins,
)
from rollback_plugin.replay.scope import Scope
from rollback_plugin.replay.secrecy import as_secret_as_live
from rollback_plugin.replay.traced import relink_traced
from rollback_plugin.replay.unaccounted import unaccounted

CONCURRENT_REGISTRATIONS = 64
"""Registrations that wait for the engine at the same time; how many it works on is the engine's own limit."""
REQUIRED_FEATURES = ("secrets", "resourceReferences", "deletedWith")

Placed = Callable[[Value], Value]
"""Gives every asset inside a value the path its bytes lie at."""


class RegisteredResources:
    """The program of one engine run, callable once per `Run` of the language runtime.

    Afterwards `conflicts` says where relinking could not decide (a preview collects them, an update stops at the
    first), and `stack_outputs` what was registered as the stack's outputs.
    """

    def __init__(self, goal: Goal, scope: Scope, place_assets: Placed, links: Links) -> None:
        self._registered = scope.registered
        # What isn't registered is live as it was recorded.
        self._left = {
            each.resource.urn: each.resource
            for each in goal.registrations
            if each.resource.urn not in scope.registered and each.resource.custom
        }
        self._place_assets = place_assets
        self._links = links
        self._by_urn = goal.by_urn
        self._originals = managed_originals([registration.resource for registration in goal.registrations])
        self._children: dict[str, list[str]] = defaultdict(list)
        for registration in goal.registrations:
            self._children[registration.resource.parent].append(registration.resource.urn)
        self._lock = threading.Lock()
        self.conflicts: list[tuple[str, Conflict]] = []
        """(URN, what is ambiguous)"""
        self.doubts: list[tuple[str, Conflict]] = []
        """(URN, what was left as recorded although it may have come from a changed output)"""
        self.stack_outputs: Mapping[str, Value] = {}

    def __call__(self, request: language_pb2.RunRequest) -> None:
        """Register everything with the request's resource monitor. Raises `NotReplayable`, `EngineFailed`,
        `grpc.RpcError`."""
        with grpc.insecure_channel(request.monitor_address, options=CHANNEL_OPTIONS) as channel:
            monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
            _require_features(monitor)
            run = _Run(monitor, self._left, preview=request.dryRun)
            self._register_all(run)
            self._register_outputs(run)

    def _register_all(self, run: "_Run") -> None:
        order = RegistrationOrder([each.resource for each in self._by_urn.values()], self._registered)
        with ThreadPoolExecutor(CONCURRENT_REGISTRATIONS, thread_name_prefix="register") as pool:
            under_way: dict[Future[None], str] = {}
            while order.is_active():
                for urn in order.ready():
                    under_way[pool.submit(self._register, run, self._by_urn[urn])] = urn
                finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    future.result()
                    order.done(under_way.pop(future))

    def _register(self, run: "_Run", registration: Registration) -> None:
        resource = registration.resource
        if resource.external:
            urn, identity, outputs = self._read(run, resource)
        else:
            urn, identity, outputs = self._create_or_update(run, registration)
        if urn != resource.urn:
            raise EngineFailed(
                f"The engine registered {resource.urn} as {urn}: the recorded version does not belong to this stack"
                " as it is named now."
            )
        if resource.custom:
            run.set_live(resource, outputs, identity)

    def _create_or_update(self, run: "_Run", registration: Registration) -> tuple[str, str, Mapping[str, Value]]:
        resource = registration.resource
        inputs = self._inputs(run, resource)
        request = resource_pb2.RegisterResourceRequest(
            type=resource.type,
            name=resource.name,
            parent=resource.parent,
            custom=resource.custom,
            object=to_struct(inputs),
            protect=resource.protect,
            dependencies=resource.dependencies,
            provider=run.provider_reference(resource),
            # A property that is left out here has none; if all were, the engine would take it that each of them depends
            # on everything that the resource depends on.
            propertyDependencies={
                key: resource_pb2.RegisterResourceRequest.PropertyDependencies(
                    urns=resource.property_dependencies.get(key, ())
                )
                for key in {**inputs, **resource.property_dependencies}
            },
            ignoreChanges=resource.ignore_changes,
            acceptSecrets=True,
            acceptResources=True,
            supportsPartialValues=True,
            additionalSecretOutputs=resource.additional_secret_outputs,
            aliasURNs=[*registration.aliases, *resource.declared_aliases],
            aliasSpecs=True,
            customTimeouts=resource_pb2.RegisterResourceRequest.CustomTimeouts(
                **{name: f"{seconds:g}s" for name, seconds in resource.custom_timeouts_seconds.items()}
            ),
            replaceOnChanges=resource.replace_on_changes,
            deleteBeforeReplace=bool(resource.delete_before_replace),
            deleteBeforeReplaceDefined=resource.delete_before_replace is not None,
            retainOnDelete=resource.retain_on_delete,
            deletedWith=resource.deleted_with,
            replace_with=resource.replace_with,
        )
        if resource.replacement_trigger is not None:
            request.replacement_trigger.CopyFrom(to_protobuf(resource.replacement_trigger))
        if resource.is_provider:
            request.version, request.pluginDownloadURL = plugin_version(resource), plugin_download_url(resource)
        response = run.monitor.RegisterResource(request)
        return response.urn, response.id, from_struct(response.object)

    def _read(self, run: "_Run", resource: RecordedResource) -> tuple[str, str, Mapping[str, Value]]:
        # As the SDKs do: the engine doesn't read what has an unknown id (ReadStep in pkg/resource/deploy/step.go).
        identity = run.identity(self._originals[resource.urn]) if resource.urn in self._originals else resource.id
        response = run.monitor.ReadResource(
            resource_pb2.ReadResourceRequest(
                id=identity,
                type=resource.type,
                name=resource.name,
                parent=resource.parent,
                properties=to_struct(self._inputs(run, resource)),
                dependencies=resource.dependencies,
                provider=run.provider_reference(resource),
                acceptSecrets=True,
                acceptResources=True,
                additionalSecretOutputs=resource.additional_secret_outputs,
            )
        )
        return response.urn, identity, from_struct(response.properties)

    def _inputs(self, run: "_Run", resource: RecordedResource) -> Mapping[str, Value]:
        given = as_the_program_gave_it(dict(resource.inputs))
        if resource.is_provider:
            given.pop("version", None)
        return {key: self._input(run, resource, key, value) for key, value in given.items()}

    def _input(self, run: "_Run", resource: RecordedResource, key: str, value: Value) -> Value:
        traces = self._links.inputs.get(resource.urn, {}).get(key)
        if traces is not None:
            return self._place_assets(self._traced(run, resource.urn, key, value, traces))
        sources = (
            resource.property_dependencies.get(key, ()) if resource.property_dependencies else resource.dependencies
        )
        urns = {below for urn in sources for below in self._with_descendants(urn)}
        table = table_of(run.live_of(urn) for urn in sorted(urns))
        relinked = relink_property(key, value, table)
        # Dependencies of the resource as a whole, and on components, may be nothing to this property.
        certain = bool(resource.property_dependencies) and urns == set(sources)
        missed = unaccounted((key,), value, table) if certain and not relinked.conflicts else ()
        self._report(run, resource.urn, [*relinked.conflicts, *missed])
        return self._place_assets(as_secret_as_live(relinked.value, table))

    def _traced(self, run: "_Run", urn: str, key: str, value: Value, traces: Traces) -> Value:
        def table(urns: frozenset[str]) -> OutputTable:
            return table_of(run.live_of(urn) for urn in sorted(urns))

        relinked = relink_traced(key, value, traces, run.output, table)
        self._report(run, urn, relinked.conflicts)
        with self._lock:
            self.doubts.extend((urn, doubt) for doubt in relinked.doubts)
        return relinked.value

    def _register_outputs(self, run: "_Run") -> None:
        """Register the outputs of components, and of the stack last, when everything they may come from is there."""
        # Of a large stack that takes long, and mostly it is known where outputs came from.
        every = cache(lambda: table_of_origins(run.live_of(urn) for urn in self._by_urn))
        registered = (each.resource for urn, each in self._by_urn.items() if urn in self._registered)
        components = [resource for resource in registered if not resource.custom]
        for component in sorted(components, key=lambda resource: resource.is_stack):
            outputs = self._outputs(run, component, every)
            if component.is_stack:
                self.stack_outputs = unwrapped(outputs)
            run.monitor.RegisterResourceOutputs(
                resource_pb2.RegisterResourceOutputsRequest(urn=component.urn, outputs=to_struct(outputs))
            )

    def _outputs(
        self, run: "_Run", component: RecordedResource, every: Callable[[], OutputTable]
    ) -> Mapping[str, Value]:
        traced = self._links.outputs.get(component.urn, {})
        outputs = {
            key: self._traced(run, component.urn, key, value, traced[key])
            for key, value in component.outputs.items()
            if key in traced
        }
        untraced = {key: value for key, value in component.outputs.items() if key not in traced}
        if not untraced:
            return outputs
        below = self._with_descendants(component.urn)
        nearest = every() if component.is_stack else table_of_origins(run.live_of(urn) for urn in below)
        for key, value in untraced.items():
            relinked = relink_output(key, value, nearest, every())
            self._report(run, component.urn, relinked.conflicts)
            self.doubts.extend((component.urn, doubt) for doubt in relinked.doubts)
            outputs[key] = as_secret_as_live(relinked.value, every())
        return outputs

    def _with_descendants(self, urn: str) -> Sequence[str]:
        """The resource, and where it is a component everything below it: its outputs come from there."""
        found = [urn]
        registration = self._by_urn.get(urn)
        if registration is not None and not registration.resource.custom:
            for child in self._children[urn]:
                found.extend(self._with_descendants(child))
        return found

    def _report(self, run: "_Run", urn: str, conflicts: Sequence[Conflict]) -> None:
        if not conflicts:
            return
        with self._lock:
            self.conflicts.extend((urn, conflict) for conflict in conflicts)
        if not run.preview:
            listed = "; ".join(str(conflict) for conflict in conflicts)
            raise EngineFailed(
                f"The re-application stopped half-way at {urn}, because what its values came from can't be told apart"
                f" any more: {listed}. What was done so far is in the stack's state; deploy that version's program"
                " (`pulumi up` from its commit) to end it."
            )


class _Run:
    """What is known while one run is under way."""

    def __init__(
        self, monitor: resource_pb2_grpc.ResourceMonitorStub, left: Mapping[str, RecordedResource], *, preview: bool
    ) -> None:
        """left: what is live already, and is not registered."""
        self.monitor = monitor
        self.preview = preview
        self._left = left
        self._live: dict[str, tuple[LiveOutput, ...]] = {}
        self._outputs: dict[str, Mapping[str, Value]] = {}
        self._ids: dict[str, str] = {}

    def set_live(self, resource: RecordedResource, outputs: Mapping[str, Value], identity: str) -> None:
        recorded = {**resource.outputs, "id": resource.id}
        live = {**outputs, "id": identity or UNKNOWN}
        given = as_the_program_gave_it(dict(resource.inputs))
        self._live[resource.urn] = live_outputs(resource.urn, recorded, live, given, known=not self.preview)
        self._outputs[resource.urn] = {**live, "urn": resource.urn}
        self._ids[resource.urn] = identity

    def live_of(self, urn: str) -> tuple[LiveOutput, ...]:
        self._require(urn)
        return self._live.get(urn, ())

    def output(self, source: Source) -> Value:
        self._require(source.urn)
        return output_at(self._outputs.get(source.urn, {}), source.path, known=not self.preview)

    def identity(self, urn: str) -> str:
        """The live id; unknown while a preview would yet create the resource."""
        self._require(urn)
        return self._ids[urn] or UNKNOWN

    def provider_reference(self, resource: RecordedResource) -> str:
        """`<URN>::<live id>`; during a preview a provider to be created has no id yet. Components need none."""
        urn = resource.provider_urn
        if not urn or not resource.custom:
            return ""
        return f"{urn}::{self.identity(urn)}"

    def _require(self, urn: str) -> None:
        """Of a large stack most is never asked for."""
        if urn in self._left and urn not in self._ids:
            resource = self._left[urn]
            self.set_live(resource, resource.outputs, resource.id)


def _require_features(monitor: resource_pb2_grpc.ResourceMonitorStub) -> None:
    for feature in REQUIRED_FEATURES:
        if not monitor.SupportsFeature(resource_pb2.SupportsFeatureRequest(id=feature)).hasSupport:
            raise EngineFailed(
                f"The Pulumi engine on PATH does not support {feature}, which a faithful re-application needs. Update"
                " the Pulumi CLI."
            )
