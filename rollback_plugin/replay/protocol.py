"""What is spoken with the engine: the modules generated from Pulumi's protocol, loaded without its SDK."""

from rollback_plugin.bare_protocol import bare_protocol

with bare_protocol():
    from pulumi.runtime.proto import (
        events_pb2_grpc,
        language_pb2,
        language_pb2_grpc,
        plugin_pb2,
        resource_pb2,
        resource_pb2_grpc,
    )

__all__ = [
    "events_pb2_grpc",
    "language_pb2",
    "language_pb2_grpc",
    "plugin_pb2",
    "resource_pb2",
    "resource_pb2_grpc",
]
