"""What a project deploys, as one hash: its program's files and its stack's config.

Names are relative and config secrets are hashed as the ciphertext of the config file, so the same content has the same
hash on every machine, and nobody can guess a secret from it. Left out: what git ignores, the config of other stacks,
and folders that tools make. Files outside the project's folder are not part of it; those that are deployed as assets
are compared by their own hash (see `quarantine`).
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rollback_plugin.versions.canonical import canonical_json, sha256_hex

SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".pulumi", ".rollback"})
SKIPPED_SUFFIXES = (".pyc", ".pyo")
VIRTUAL_ENVIRONMENT_MARK = "pyvenv.cfg"
GIT_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of a program: paths relative to `root`, sorted."""

    root: Path
    names: tuple[str, ...]

    def read(self, name: str) -> bytes:
        """A file's bytes; of a link, where it points to."""
        path = self.root / name
        return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()


def run_git(folder: Path, *arguments: str) -> bytes | None:
    """What `git` printed; None where there is no git, no repository, or it says no."""
    # A hook that runs `pulumi up` has variables set that name its own repository.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**inherited, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            # Containers often run as another user than the checkout's owner, which git by itself refuses. The program
            # in that folder is being run anyway.
            ["git", "-c", "safe.directory=*", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=GIT_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def project_files(root: Path, config_file: Path) -> ProjectFiles:
    """The program's files: git's own list where the project is under version control, else a walk.

    root: the folder of Pulumi.yaml. config_file: the stack's own, the only config that belongs to it.
    """
    listed = run_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
    names = {os.fsdecode(name) for name in listed.split(b"\0") if name} if listed else set()
    if not names & {"Pulumi.yaml", "Pulumi.yml"}:
        # No repository, or one that ignores this folder: git has nothing to say about it.
        names = set(_walk(root, root))
    # Of a submodule git lists the folder alone.
    for folder in [name for name in names if (root / name).is_dir() and not (root / name).is_symlink()]:
        names.update(_walk(root, root / folder))
    kept = {name for name in names if _counts(root, name, config_file)}
    return ProjectFiles(root, tuple(sorted(kept, key=os.fsencode)))


def _walk(root: Path, folder: Path) -> Iterator[str]:
    for path in folder.iterdir():
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(root).as_posix()
        elif path.name not in SKIPPED_FOLDERS and not (path / VIRTUAL_ENVIRONMENT_MARK).exists():
            yield from _walk(root, path)


def _counts(root: Path, name: str, config_file: Path) -> bool:
    path = root / name
    if not path.is_symlink() and not path.is_file():
        return False  # Deleted since git listed it, a folder, a socket.
    if name.endswith(SKIPPED_SUFFIXES) or any(part in SKIPPED_FOLDERS for part in path.relative_to(root).parts[:-1]):
        return False
    return path == config_file or not (
        path.parent == root and name.startswith("Pulumi.") and name.endswith((".yaml", ".yml")) and name.count(".") > 1
    )


def content_digest(files: ProjectFiles, config_file: Path) -> str:
    """One hash of all files' names and contents and of the stack's config file, wherever that lies.

    Raises `OSError` where a file can't be read.
    """
    contents = {
        os.fsencode(name).hex(): sha256_hex(files.read(name))
        for name in files.names
        if files.root / name != config_file
    }
    config = sha256_hex(config_file.read_bytes()) if config_file.is_file() else None
    return sha256_hex(canonical_json({"files": contents, "config": config}))
