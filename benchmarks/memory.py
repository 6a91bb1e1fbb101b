"""What the replay's own process takes at its peak, beside the program's own, for the same stack; without the engine.

Read is the peak of resident memory since the process' program began, VmHWM of proc_pid_status(5): Linux only.
"""

import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stacks import StackToTime, empty_stack, program
from benchmarks.timing import Counted, Row

RESOURCES, REPETITIONS = 1_000, 3
QUICK_RESOURCES, QUICK_REPETITIONS = 100, 1

REPLAY, PROGRAM = "rollback undo", "the program under pulumi up"
RATIO = "rollback undo, of the program"
WHERE = "BENCHMARK_PEAK_FILE"

_TELLING = f"""
import atexit as _atexit, os as _os, pathlib as _pathlib

def _tell_peak() -> None:
    status = _pathlib.Path("/proc/self/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    _pathlib.Path(_os.environ["{WHERE}"]).write_text(peak)

if "{WHERE}" in _os.environ:
    _atexit.register(_tell_peak)
"""
_COMMAND = _TELLING + "from rollback_plugin.cli import main\nmain()\n"


def measured(quick: bool = False) -> dict[str, dict[str, Row]]:
    """By number of resources; one of them changed."""
    resources = QUICK_RESOURCES if quick else RESOURCES
    replays, programs = [], []
    with empty_stack() as stack, TemporaryDirectory(prefix="rollback-benchmark-") as folder:
        peak = Path(folder) / "peak"
        _deploy(stack, resources, 1, peak)
        for repetition in range(QUICK_REPETITIONS if quick else REPETITIONS):
            # Another one each time: what was rolled back isn't deployed again.
            programs.append(_deploy(stack, resources, 2 + repetition, peak))
            stack.plan()
            stack.run(sys.executable, "-c", _COMMAND, "undo", "--to", "1", "--yes", variables={WHERE: str(peak)})
            replays.append(_mebibytes(peak))
    return {
        str(resources): {
            PROGRAM: Counted(statistics.median(programs), "MiB"),
            REPLAY: Counted(statistics.median(replays), "MiB"),
            RATIO: Counted(round(statistics.median(replays) / statistics.median(programs), 2), "times"),
        }
    }


def _deploy(stack: StackToTime, resources: int, release: int, peak: Path) -> float:
    """Deploy and record a release; the program's peak."""
    stack.write(_TELLING + program(resources, 1, release))
    stack.run("pulumi", "up", "--yes", "--skip-preview", variables={WHERE: str(peak)})
    stack.run("rollback", "record")
    return _mebibytes(peak)


def _mebibytes(peak: Path) -> float:
    """Read what a process left, and remove it, so that the next one's can't be missing unnoticed."""
    kibibytes = int(peak.read_text())
    peak.unlink()
    return round(kibibytes / 1024, 1)
