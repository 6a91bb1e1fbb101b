"""A Pulumi language host for Python, for engines that come without one (such as an engine built from its Go module).

The engine starts `pulumi-language-python <engine address>`, reads the port of this gRPC server from the first line of
its standard output, and from then on shows whatever the program prints as the stack's messages. The protocol is
`pulumirpc.LanguageRuntime` (proto/pulumi/language.proto in pulumi/pulumi); what the engine expects of each call is read
from sdk/go/common/resource/plugin/langruntime_plugin.go of version 3.259.0.

Where the official host is there, it is used instead of this one; this one supports the options `virtualenv` and
`toolchain: pip`, and says so when a project asks for others.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import grpc
from google.protobuf import empty_pb2, json_format

from rollback_plugin.bare_protocol import bare_protocol

# The engine starts two of these for an update, one after the other.
with bare_protocol():
    from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

PROGRAM_RUNNER = Path(__file__).resolve().parent / "python_program.py"
SUPPORTED_OPTIONS = frozenset({"virtualenv", "toolchain"})
EXIT_FAILED_WITH_MESSAGE = 32
# Run lasts as long as the program, and Cancel must get through meanwhile.
CONCURRENT_CALLS = 4


class UnsupportedOptionError(Exception):
    """Pulumi.yaml asks for something only the official language host can do."""


class MissingInterpreterError(Exception):
    """The virtual environment named in Pulumi.yaml has no Python interpreter."""


def program_interpreter(options: Mapping[str, object], root_directory: Path) -> Path:
    """Return the Python that runs a program: its virtual environment's, or without one the one that runs this host.

    Args:
        options: `runtime.options` of Pulumi.yaml.
        root_directory: the folder of Pulumi.yaml, which a relative `virtualenv` starts from.
    """
    unsupported = {name for name in options if name not in SUPPORTED_OPTIONS}
    if options.get("toolchain", "pip") != "pip":
        unsupported.add("toolchain")
    if unsupported:
        listed = ", ".join(f"{name}: {options[name]}" for name in sorted(unsupported))
        raise UnsupportedOptionError(
            f"Pulumi.yaml in {root_directory} sets runtime options this language host doesn't support ({listed})."
            " Remove them, or install the official Pulumi CLI, which comes with a host that does."
        )
    virtualenv = options.get("virtualenv")
    if not isinstance(virtualenv, str) or not virtualenv:
        return Path(sys.executable)
    interpreter = root_directory / virtualenv / "bin" / "python"
    if not interpreter.exists():
        raise MissingInterpreterError(
            f"Pulumi.yaml in {root_directory} names the virtual environment {virtualenv}: there is no {interpreter}."
            f" Create it: python3 -m venv {root_directory / virtualenv}, then install the program's packages into it."
        )
    return interpreter


def program_settings(request: language_pb2.RunRequest, engine_address: str) -> dict[str, Any]:
    """Translate the engine's request into the JSON object that python_program reads."""
    return {
        "program": str(Path(request.info.program_directory) / request.info.entry_point),
        "working_directory": request.pwd,
        "root_directory": request.info.root_directory,
        "arguments": list(request.args),
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization or "organization",
        "config": dict(request.config),
        "config_secret_keys": list(request.configSecretKeys),
        "monitor_address": request.monitor_address,
        "engine_address": engine_address,
        "parallel": request.parallel,
        "dry_run": request.dryRun,
    }


def run_response(exit_code: int) -> language_pb2.RunResponse:
    """Tell the engine how the program ended; `bail` means that it knows the reason already and shows no second one."""
    if exit_code == 0:
        return language_pb2.RunResponse()
    if exit_code == EXIT_FAILED_WITH_MESSAGE:
        return language_pb2.RunResponse(bail=True)
    if exit_code < 0:
        return language_pb2.RunResponse(error=f"Program was ended by {signal.Signals(-exit_code).name}")
    return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {exit_code}")


class PythonLanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Serves one engine: runs its programs, one process each."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._processes_lock = threading.Lock()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo()

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """Name none: the engine then loads each provider when the program registers its first resource.

        Naming every installed provider package, as the official host does, would demand plugins the program never uses.
        """
        return language_pb2.GetRequiredPackagesResponse()

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """Tell which Python runs the program; `pulumi about` shows it."""
        interpreter = self._interpreter(request.info, context)
        version = "import platform; print(platform.python_version())"
        answer = subprocess.run([interpreter, "-c", version], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return language_pb2.AboutResponse(executable=str(interpreter), version=answer.stdout.strip() or "unknown")

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install the program's requirements.txt, if it has one, with pip, streaming what pip says."""
        interpreter = self._interpreter(request.info, context)
        requirements = Path(request.info.program_directory) / "requirements.txt"
        if not requirements.is_file():
            return
        pip = subprocess.Popen(
            [interpreter, "-m", "pip", "install", "--requirement", requirements],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with self._tracked(pip):
            for line in pip.stdout or ():
                yield language_pb2.InstallDependenciesResponse(stdout=line)
        if pip.returncode != 0:
            context.abort(grpc.StatusCode.INTERNAL, f"pip couldn't install {requirements} (exit code {pip.returncode})")

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the program to its end; its output is this process's output, which the engine shows."""
        interpreter = self._interpreter(request.info, context)
        reading_end, writing_end = os.pipe()
        try:
            program = subprocess.Popen(
                [interpreter, "-u", PROGRAM_RUNNER, str(reading_end)],
                stdin=subprocess.DEVNULL,
                pass_fds=[reading_end],
            )
        finally:
            os.close(reading_end)
        # Open until the program has ended: the program takes the closing of this pipe for the end of this host.
        with os.fdopen(writing_end, "wb", buffering=0) as settings, self._tracked(program):
            # A program that ended before it read its settings has said why, and its exit code is the answer.
            with suppress(BrokenPipeError):
                settings.write(json.dumps(program_settings(request, self._engine_address)).encode() + b"\n")
            return run_response(program.wait())

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Interrupt every running program. One that doesn't listen ends with this host, which the engine ends next."""
        with self._processes_lock:
            for process in self._processes:
                process.send_signal(signal.SIGINT)
        return empty_pb2.Empty()

    def _interpreter(self, info: language_pb2.ProgramInfo, context: grpc.ServicerContext) -> Path:
        try:
            return program_interpreter(json_format.MessageToDict(info.options), Path(info.root_directory))
        except (UnsupportedOptionError, MissingInterpreterError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    @contextmanager
    def _tracked(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Make the process known to `Cancel` for as long as the block runs, and see its end before leaving."""
        with self._processes_lock:
            self._processes.add(process)
        try:
            yield
        finally:
            process.wait()
            with self._processes_lock:
                self._processes.discard(process)


def exit_with_engine(engine_pipe: BinaryIO) -> None:
    """Block until the engine's end of this host's standard input closes, also by a kill, then end this process.

    The engine writes nothing to it (`StdinPipe` in sdk/go/common/resource/plugin/plugin.go).
    """
    while engine_pipe.read(1):
        pass
    os._exit(0)


def main() -> None:
    """Serve the engine whose address is the last argument until it interrupts this process or ends."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=CONCURRENT_CALLS),
        # The engine's own limit is 400 MB; the default of 4 MB is less than a large stack's configuration may have.
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(PythonLanguageHost(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    threading.Thread(target=exit_with_engine, args=(sys.stdin.buffer,), daemon=True).start()
    # What a shell runs in the background begins with SIGINT ignored; the engine waits five seconds before it kills.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        server.wait_for_termination()
    # Not sys.exit: it would wait for running calls, and so for their programs, which end when this process does.
    os._exit(0)


if __name__ == "__main__":
    main()
