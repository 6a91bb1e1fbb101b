"""Pulumi's protocol is loaded without its SDK, and whoever imports the SDK afterwards has it whole."""

import subprocess
import sys

LOADED_BY_THE_SDK = ("opentelemetry", "pulumi", "pulumi.automation", "pulumi.output", "pulumi.runtime", "dill")


def ran(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_nothing_of_the_sdk_is_loaded_with_the_protocol() -> None:
    loaded = ran("import sys, rollback_plugin.replay.registration; print(*sys.modules, sep='\\n')").split()

    assert "pulumi.runtime.proto.resource_pb2" in loaded
    assert [name for name in LOADED_BY_THE_SDK if name in loaded] == []


def test_the_sdk_afterwards_is_whole_and_speaks_with_the_same_modules() -> None:
    shown = ran(
        "from rollback_plugin.replay.protocol import resource_pb2\n"
        "import pulumi\n"
        "from pulumi.runtime import rpc, settings\n"
        "from pulumi.runtime.proto import resource_pb2 as of_the_sdk\n"
        "print(of_the_sdk is resource_pb2, pulumi.Output.from_input(1) is not None, settings.is_dry_run())\n"
    )

    assert shown.split() == ["True", "True", "False"]


def test_where_the_sdk_is_there_it_stays() -> None:
    shown = ran(
        "import pulumi\n"
        "from rollback_plugin.replay.protocol import resource_pb2\n"
        "from pulumi.runtime.proto import resource_pb2 as of_the_sdk\n"
        "import sys\n"
        "print(of_the_sdk is resource_pb2, sys.modules['pulumi'] is pulumi)\n"
    )

    assert shown.split() == ["True", "True"]
