"""What a long history takes: bytes, time to record a version, to open one, and to list them all.

A thousand versions of a stack of a thousand resources, ten of which change from each to the next. Beside it, today's
way: a copy of the checkpoint per version.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.stacks import StackToTime
from benchmarks.timing import Counted, Measured, Row, side_by_side, timed
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.entries import Deployed
from rollback_plugin.stack import StackName
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import Version
from tests.replay.deployed_stack import DeployedStack, Program
from tests.unit.versions.examples import document, resource

VERSIONS = 1_000
RESOURCES = 1_000
CHANGED = 10
OPENED = 20
REPETITIONS = 5
STACK = StackName("shop", "dev")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def measured() -> dict[str, dict[str, Row]]:
    """Of that many versions."""
    with TemporaryDirectory(prefix="rollback-benchmark-") as folder:
        rows = _archived(Path(folder))
    return {f"{VERSIONS} versions of {RESOURCES} resources": {**rows, **_listed()}}


def _archived(folder: Path) -> dict[str, Row]:
    archive, copies = VersionArchive(FolderStore(folder / "store"), STACK), FolderStore(folder / "copies")
    chance = random.Random(1)  # noqa: S311 - which resources change is no secret
    resources = [_resource(number, "first") for number in range(RESOURCES)]
    raw_bytes, recording, copying = 0, [], []
    for number in range(1, VERSIONS + 1):
        for changed in chance.sample(range(RESOURCES), CHANGED):
            resources[changed] = _resource(changed, f"release {number}")
        state = json.dumps(document(*resources), indent=4).encode()
        raw_bytes += len(state)
        copying.append(timed(lambda: copies.write(f"{number}.json", state)))  # noqa: B023 - called at once
        recording.append(timed(lambda: _record(archive, number, state)))  # noqa: B023
    opening = [
        timed(lambda: archive.checkpoint(number))  # noqa: B023
        for number in chance.sample(range(1, VERSIONS + 1), OPENED)
    ]
    kept_bytes = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
    return {
        "copy the checkpoint": Measured.of(copying),
        "record a version": Measured.of(recording),
        "open a version": Measured.of(opening),
        "copies": Counted(raw_bytes, "bytes"),
        "versions": Counted(kept_bytes, "bytes"),
        "versions, of the copies": Counted(round(100 * kept_bytes / raw_bytes, 3), "%"),
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


def _resource(number: int, release: str) -> dict[str, Any]:
    """About as large as the engine's record of a queue."""
    properties = {
        "name": f"service-{number}",
        "tags": {"service": f"service-{number}", "release": release, "team": f"team-{number % 17}"},
        "visibilityTimeoutSeconds": 30 + number % 50,
        "policy": json.dumps({"Statement": [{"Effect": "Allow", "Resource": f"arn:aws:sqs:eu-west-1:1:{number}"}]}),
    }
    arn = f"arn:aws:sqs:eu-west-1:123456789012:service-{number}"
    return resource(f"queue-{number}", id=arn, inputs=properties, outputs={**properties, "arn": arn, "url": arn})


def _listed() -> dict[str, Row]:
    """`rollback history`, the process's start included."""
    with EmbeddedAws() as aws, TemporaryDirectory(prefix="rollback-benchmark-") as folder:
        stack = DeployedStack(Path(folder), aws)
        stack.pulumi("config", "set", "rollback:store", stack.store.location)
        stack.deploy(Program("import pulumi\n"))
        first = next(entry.event for entry in stack.journal.entries() if isinstance(entry.event, Deployed))
        for number in range(2, VERSIONS + 1):
            ended = first.finished_at + timedelta(minutes=number)
            again = {"version": number, "update": f"dev-{number}", "started_at": ended, "finished_at": ended}
            stack.journal.append_next(first.model_copy(update=again))
        listing = StackToTime(stack, RESOURCES, CHANGED)
        return dict(side_by_side({"rollback history": lambda: listing.run("rollback", "history")}, REPETITIONS))
