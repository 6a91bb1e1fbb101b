"""What engine tests need: the engine that `make` laid beside this Python, and a clear failure without one. And no
property is judged by how busy the machine is."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("engine") is not None and shutil.which("pulumi") is None:
        pytest.fail(
            "This test needs the Pulumi engine, and there is no `pulumi` on PATH. Run `make test`.", pytrace=False
        )
