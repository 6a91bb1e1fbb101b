"""The plugin's process: it announces a port, and does not outlive who started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from rollback_plugin.embedded.provider import install_provider

pytestmark = pytest.mark.embedded

END_TIMEOUT_SECONDS = 20.0
STARTER = """
import subprocess, sys, time
plugin = subprocess.Popen([sys.argv[1], "127.0.0.1:1"], stdout=subprocess.PIPE)
print(plugin.pid, flush=True)
print(plugin.stdout.readline().decode(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("serving", [True, False], ids=["once it serves", "while it starts"])
def test_ends_when_the_engine_is_killed(tmp_path: Path, serving: bool) -> None:
    install_provider(tmp_path)
    executable = next(tmp_path.rglob("pulumi-resource-aws"))
    engine = subprocess.Popen([sys.executable, "-c", STARTER, str(executable)], stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    plugin = psutil.Process(int(engine.stdout.readline()))
    assert plugin.is_running()
    if serving:
        assert int(engine.stdout.readline()) > 0

    os.kill(engine.pid, signal.SIGKILL)
    engine.wait()

    deadline = time.monotonic() + END_TIMEOUT_SECONDS
    while time.monotonic() < deadline and plugin.is_running() and plugin.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.05)
    assert not plugin.is_running() or plugin.status() == psutil.STATUS_ZOMBIE
