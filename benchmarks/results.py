"""What came out, as kept in `benchmarks/results`: the figures, and what they were measured on."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.timing import Row

RESULTS = Path(__file__).parent / "results"
QUICK_RESULTS = RESULTS / "quick"
"""Of trials with few repetitions of little: git ignores them, and no report is made of them."""

Rows = Mapping[str, Mapping[str, Row]]
"""By size, or whatever else was varied, and by way."""


def keep(name: str, rows: Rows, *, quick: bool) -> Path:
    """Write the figures of a benchmark; return the file."""
    folder = QUICK_RESULTS if quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _said_by("git", "describe", "--always", "--dirty", "--abbrev=12"),
        "machine": _machine(),
        "figures": {size: {way: asdict(row) for way, row in ways.items()} for size, ways in rows.items()},
    }
    file = folder / f"{name}.json"
    file.write_text(json.dumps(document, indent=2) + "\n")
    return file


def kept(folder: Path = RESULTS) -> dict[str, Any]:
    """The documents of all benchmarks that were measured, by name."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}


def _machine() -> dict[str, object]:
    return {
        "processors": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "engine": _said_by("pulumi", "version"),
        "load_at_the_end": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    """As Linux calls it (proc_cpuinfo(5)); elsewhere its architecture."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _said_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent).stdout.strip()
