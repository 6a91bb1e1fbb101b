import subprocess
import sys
from pathlib import Path

import pytest

from rollback_plugin.embedded.scratch import ScratchFolder, remove_abandoned_folders

OWNER_PROGRAM = """
import os, sys
from rollback_plugin.embedded.scratch import ScratchFolder
folder = ScratchFolder()
(folder.path / "file").write_text("x")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_closed_folder_leaves_nothing(temporary_folder: Path) -> None:
    with ScratchFolder() as folder:
        (folder.path / "file").write_text("x")
        assert len(list(temporary_folder.iterdir())) == 2

    assert list(temporary_folder.iterdir()) == []


def test_folders_in_use_are_left_alone(temporary_folder: Path) -> None:
    with ScratchFolder() as folder:
        remove_abandoned_folders()

        assert folder.path.is_dir()


def test_the_folder_of_a_killed_process_is_removed_and_not_before(temporary_folder: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER_PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout is not None
        path = Path(owner.stdout.readline().strip())
        remove_abandoned_folders()
        assert (path / "file").exists()

        owner.kill()
        owner.wait()
        remove_abandoned_folders()

    assert list(temporary_folder.iterdir()) == []
