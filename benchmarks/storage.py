"""What a long history takes: bytes, time to record a version, to open one, and to list them all.

A thousand versions of a stack of a thousand resources, ten of which change from each to the next. Beside it, today's
way: a copy of the checkpoint per version.
"""

import gc
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from benchmarks.stacks import StackToTime
from benchmarks.states import queue
from benchmarks.timing import Counted, Measured, Row, side_by_side, timed
from rollback_plugin.cli import OBJECTS_BETWEEN_COLLECTIONS
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.entries import Deployed
from rollback_plugin.stack import StackName
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import Version
from tests.replay.deployed_stack import DeployedStack, Program
from tests.unit.versions.examples import document

VERSIONS, RESOURCES, CHANGED = 1_000, 1_000, 10
QUICK_VERSIONS, QUICK_RESOURCES, QUICK_CHANGED = 10, 100, 1
OPENED = 20
REPETITIONS = 5
STACK = StackName("shop", "dev")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

COPY, RECORD, OPEN = "copy the checkpoint", "record a version", "open a version"
COPIES, KEPT, SHARE = "copies", "versions", "versions, of the copies"
HISTORY = "rollback history"


def measured(quick: bool = False) -> dict[str, dict[str, Row]]:
    """By number of versions."""
    versions = QUICK_VERSIONS if quick else VERSIONS
    with TemporaryDirectory(prefix="rollback-benchmark-") as folder:
        rows = _archived(Path(folder), versions, *(QUICK_RESOURCES, QUICK_CHANGED) if quick else (RESOURCES, CHANGED))
    rows[str(versions)] |= _listed(versions)
    return rows


def _archived(folder: Path, versions: int, resources: int, changed: int) -> dict[str, dict[str, Row]]:
    archive, copies = VersionArchive(FolderStore(folder / "store"), STACK), FolderStore(folder / "copies")
    chance = random.Random(1)  # noqa: S311 - which resources change is no secret
    present = [queue(STACK, number, "first") for number in range(resources)]
    raw_bytes, recording, copying = 0, [], []
    rows: dict[str, dict[str, Row]] = {}
    for number in range(1, versions + 1):
        for place in chance.sample(range(resources), changed):
            present[place] = queue(STACK, place, f"release {number}")
        state = json.dumps(document(*present), indent=4).encode()
        raw_bytes += len(state)
        copying.append(timed(lambda: copies.write(f"{number}.json", state)))  # noqa: B023 - called at once
        recording.append(timed(lambda: _record(archive, number, state)))  # noqa: B023
        if number in _powers_of_ten(versions):
            rows[str(number)] = _sizes(raw_bytes, folder / "store")
    # As in the command: with Python's own threshold, one in ten waits for all that a thousand versions left here.
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    opening = [
        timed(lambda: archive.checkpoint(number))  # noqa: B023
        for number in chance.sample(range(1, versions + 1), min(OPENED, versions))
    ]
    gc.set_threshold(*usual)
    rows[str(versions)] |= {
        COPY: Measured.of(copying),
        RECORD: Measured.of(recording),
        OPEN: Measured.of(opening),
    }
    return rows


def _powers_of_ten(most: int) -> set[int]:
    return {10**power for power in range(len(str(most)))} | {most}


def _sizes(raw_bytes: int, store: Path) -> dict[str, Row]:
    kept_bytes = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    return {
        COPIES: Counted(raw_bytes, "bytes"),
        KEPT: Counted(kept_bytes, "bytes"),
        SHARE: Counted(round(100 * kept_bytes / raw_bytes, 3), "%"),
    }


def _record(archive: VersionArchive, number: int, state: bytes) -> None:
    checkpoint = Checkpoint.parse(state)
    version = Version(
        number=number,
        stack=STACK,
        update=f"dev-{number}",
        started_at=BEGIN,
        finished_at=BEGIN,
        succeeded=True,
        checkpoint_digest=checkpoint.digest,
    )
    archive.write(version, checkpoint)


def _listed(versions: int) -> dict[str, Row]:
    """`rollback history`, the process's start included."""
    with EmbeddedAws() as aws, TemporaryDirectory(prefix="rollback-benchmark-") as folder:
        stack = DeployedStack(Path(folder), aws, with_passphrase=True)
        stack.pulumi("config", "set", "rollback:store", stack.store.location)
        stack.deploy(Program("import pulumi\n"))
        first = next(entry.event for entry in stack.journal.entries() if isinstance(entry.event, Deployed))
        for number in range(2, versions + 1):
            ended = first.finished_at + timedelta(minutes=number)
            again = {"version": number, "update": f"dev-{number}", "started_at": ended, "finished_at": ended}
            stack.journal.append_next(replace(first, **again))
        listing = StackToTime(stack)
        return dict(side_by_side({HISTORY: lambda: listing.run("rollback", "history")}, REPETITIONS))
