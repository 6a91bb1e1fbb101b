"""The plugin process: `python -m rollback_plugin.embedded.provider [flags] <engine address>`.

The engine starts it, reads the port from the first line of its output, and stops it by SIGINT when the run is over.
Should the engine be killed, the plugin notices that its parent is gone and ends itself; where that was before it
looked, nobody reads the port, and that ends it. The official one ends too, up to five minutes later: so often it asks
whether the engine's address still answers (pulumi/pulumi, pkg/resource/provider/main.go,
sdk/go/common/util/rpcutil/health.go).
"""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

from rollback_plugin.bare_protocol import bare_protocol

from .install import installed_version

PARENT_CHECK_INTERVAL_SECONDS = 0.5
WORKERS = 16
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""As the engine's own limit (pulumi/pulumi, sdk/go/common/util/rpcutil/serve.go)."""


def main() -> None:
    parent = os.getppid()
    with bare_protocol():
        from pulumi.runtime.proto import provider_pb2_grpc

        from .servicer import AwsProvider

    calls = ThreadPoolExecutor(max_workers=WORKERS)
    server = grpc.server(
        calls,
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AwsProvider(installed_version()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # What a shell runs in the background is begun with SIGINT ignored, and the engine waits before it kills.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    _wait_until_orphaned(parent)
    server.stop(grace=None)
    # What was begun in AWS is seen through.
    calls.shutdown(wait=True)
    # The engine waits for this, and to take the interpreter apart takes a tenth of a second and more.
    os._exit(0)


def _wait_until_orphaned(parent: int) -> None:
    """Returns when `parent` is no longer this process's parent, or on SIGINT."""
    ticking = threading.Event()
    try:
        while os.getppid() == parent:
            ticking.wait(PARENT_CHECK_INTERVAL_SECONDS)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
