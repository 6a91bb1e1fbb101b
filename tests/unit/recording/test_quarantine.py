"""What was rolled back is not deployed again until it changes or is released."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from rollback_plugin.errors import QuarantinedContent
from rollback_plugin.journal.entries import Pruned, ReasonCode, Released, RollbackStarted, RolledBack
from rollback_plugin.recording.quarantine import refuse_quarantined, same_assets
from rollback_plugin.versions.canonical import sha256_hex
from tests.unit.recording.history import History
from tests.unit.recording.test_record import file_asset
from tests.unit.versions.examples import resource

GOOD, BAD, OTHER = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Version 1 is good, version 2 was rolled back."""
    history = History(tmp_path)
    for digest in (GOOD, BAD):
        history.capture(digest=digest)
        history.update(resource("queue", id=digest))
    history.recorder().record()
    journal = history.journal()
    started = RollbackStarted(operation="op", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY)
    journal.append_next(started)
    journal.append_next(RolledBack(operation="op", undoes=2, target=1, update="dev-3"))
    return history


def test_quarantined_content_is_refused_with_the_reason_and_both_ways_out(history: History) -> None:
    with pytest.raises(QuarantinedContent) as refusal:
        refuse_quarantined(history.journal(), BAD, history.now)

    for words in ("version 2", "rolled back to version 1", "Change the program", "rollback release 2"):
        assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("digest", [GOOD, OTHER])
def test_other_content_is_not_refused(history: History, digest: str) -> None:
    refuse_quarantined(history.journal(), digest, history.now)


def test_released_content_is_not_refused(history: History) -> None:
    history.journal().append_next(Released(version=2, explanation="it was the network"))

    refuse_quarantined(history.journal(), BAD, history.now + timedelta(hours=1))


def test_the_same_program_with_other_assets_is_not_refused(history: History) -> None:
    asked: list[int] = []

    def differ(number: int) -> bool:
        asked.append(number)
        return False

    refuse_quarantined(history.journal(), BAD, history.now, same_assets=differ)

    assert asked == [2]


def test_of_a_pruned_version_the_digest_alone_counts(history: History) -> None:
    history.journal().append_next(Pruned(versions=(2,)))

    def gone(number: int) -> bool:
        raise AssertionError(f"version {number} has no assets any more")

    with pytest.raises(QuarantinedContent, match="version 2"):
        refuse_quarantined(history.journal(), BAD, history.now, same_assets=gone)


def zipped(content: str, year: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("handler.py", (year, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("now", "same"),
    [
        (b"deployed", True),
        (b"changed", False),
        (None, True),
    ],
    ids=["same", "changed", "not built yet"],
)
def test_a_file_outside_of_the_project_makes_a_difference(
    tmp_path: Path, history: History, now: bytes | None, same: bool
) -> None:
    history.update(resource("function", inputs={"code": file_asset("../app.py", b"deployed")}))
    history.recorder().record()
    program = tmp_path / "program"
    program.mkdir()
    if now is not None:
        (tmp_path / "app.py").write_bytes(now)

    assert same_assets(history.archive, 3, program) is same


@pytest.mark.parametrize(
    ("now", "same"),
    [
        (zipped("old", 2020), True),
        (zipped("old", 2026), True),
        (zipped("new", 2020), False),
        (b"no archive at all", False),
    ],
    ids=["same", "built again", "other content", "damaged"],
)
def test_an_archive_built_again_from_the_same_files_is_the_same(
    tmp_path: Path, history: History, now: bytes, same: bool
) -> None:
    deployed = zipped("old", 2020)
    history.archive.blobs.keep(deployed)
    archive = {
        "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7",
        "hash": sha256_hex(deployed),
        "path": "code.zip",
    }
    history.update(resource("function", inputs={"code": archive}))
    history.recorder().record()
    (tmp_path / "code.zip").write_bytes(now)

    assert same_assets(history.archive, 3, tmp_path) is same
