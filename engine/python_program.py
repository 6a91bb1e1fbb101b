"""Run one Pulumi program in the interpreter its project chose; started by python_language_host, never imported by it.

The interpreter may be another project's virtual environment, so this file needs nothing but that environment's Pulumi
SDK.

It is given one argument: the number of a file descriptor, the reading end of a pipe. The host writes one line of JSON
to it (see `python_language_host.program_settings`) and keeps it open for as long as it lives. Secrets in the
configuration therefore never show in this process's arguments or environment, and the end of the pipe means the end of
the host.

Exit codes are those of Pulumi's own Python executor (sdk/python/cmd/pulumi-language-python-exec): 0 done, 32 failed and
the engine was told why, anything else failed and the host has to say so.
"""

import asyncio
import json
import logging
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

EXIT_FAILED_WITHOUT_MESSAGE = 1
EXIT_FAILED_WITH_MESSAGE = 32
EXIT_INTERRUPTED = 130
# Pulumi's executor gives the event loop four threads for each resource operation allowed in parallel.
THREADS_PER_PARALLEL_OPERATION = 4


def read_line(descriptor: int) -> str:
    """Read one line and nothing after it, so that all that remains to be read is the end of the pipe."""
    line = bytearray()
    while not line.endswith(b"\n"):
        block = os.read(descriptor, 1)
        if not block:
            raise EOFError("The language host ended before it said what to run.")
        line += block
    return line.decode()


def exit_with_host(descriptor: int) -> None:
    """Block until the host's end of the pipe closes, as it also does when the host is killed, then end this process."""
    os.read(descriptor, 1)
    os._exit(EXIT_INTERRUPTED)


def user_traceback(error: BaseException, program: Path) -> str:
    """Format the traceback from the program's own first frame on: what runs before it explains nothing to its author.

    A program that doesn't even compile has no frame, and its SyntaxError says all there is.
    """
    extracted = traceback.extract_tb(error.__traceback__)
    program_files = {program, program / "__main__.py"}
    for index, frame in enumerate(extracted):
        if Path(frame.filename).resolve() in program_files:
            return "".join(traceback.format_exception(error, limit=-(len(extracted) - index)))
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error))
    return "".join(traceback.format_exception(error))


def run(settings: Mapping[str, Any]) -> int:
    """Run the program the settings describe and return this process's exit code."""
    try:
        import pulumi
        import pulumi.runtime
    except ImportError as error:
        sys.stderr.write(
            f"{sys.executable} can't import the Pulumi SDK: {error}. Install the program's packages there"
            " (`pulumi install`), or name another one in Pulumi.yaml under runtime.options.virtualenv.\n"
        )
        return EXIT_FAILED_WITHOUT_MESSAGE

    program = Path(settings["program"]).resolve()
    if program.is_dir() and not (program / "__main__.py").is_file():
        sys.stderr.write(f"There is no Python program in {program}: it has no __main__.py.\n")
        return EXIT_FAILED_WITHOUT_MESSAGE

    pulumi.runtime.set_all_config(settings["config"], settings["config_secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=settings["project"],
            stack=settings["stack"],
            organization=settings["organization"],
            root_directory=settings["root_directory"],
            monitor=settings["monitor_address"],
            engine=settings["engine_address"],
            parallel=settings["parallel"],
            dry_run=settings["dry_run"],
        )
    )
    os.chdir(settings["working_directory"])
    sys.argv = [str(program), *settings["arguments"]]
    # A failing program leaves futures nobody awaits; asyncio's remarks on them would bury the failure itself.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(settings["parallel"], 1) * THREADS_PER_PARALLEL_OPERATION)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _execute(program)))
    except KeyboardInterrupt:
        # Not by way of the clean-up below: waiting for the program's threads would make Ctrl-C look ignored, and
        # closing the loop complains of every coroutine that was under way.
        os._exit(EXIT_INTERRUPTED)
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return EXIT_FAILED_WITHOUT_MESSAGE
    except Exception as error:  # noqa: BLE001 - whatever the program raises is its author's to see
        pulumi.log.error(f"Program failed with an unhandled exception:\n{user_traceback(error, program)}")
        return EXIT_FAILED_WITH_MESSAGE
    finally:
        executor.shutdown()
        loop.close()
    return 0


def _execute(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


def main() -> None:
    """Read the settings, watch the host, run the program."""
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)
    # The first entry is this file's folder, whose modules are none of the program's business.
    del sys.path[0]
    try:
        settings = json.loads(read_line(descriptor))
        threading.Thread(target=exit_with_host, args=(descriptor,), daemon=True).start()
        code = run(settings)
    except KeyboardInterrupt:
        os._exit(EXIT_INTERRUPTED)
    sys.exit(code)


if __name__ == "__main__":
    main()
