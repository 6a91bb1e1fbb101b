"""Getting one commit of a git repository, without touching anybody's clone."""

import re
from collections.abc import Mapping
from pathlib import Path

from rollback_plugin.replay.source.commands import Command, CommandFailed, run
from rollback_plugin.replay.source.obstacle import CannotRerun

LOCAL_SECONDS = 120.0
FETCH_SECONDS = 300.0
# `git rev-parse --local-env-vars`: a hook that runs us has them set, and they name its own repository.
REPOSITORY_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
NO_SUCH_COMMIT = ("not our ref", "couldn't find remote ref", "unadvertised object")
"""What servers say of a commit they don't have, or don't give out by its hash (upload-pack.c, fetch-pack.c)."""


def check_out(commit: str, origin: str | None, clone: Path, into: Path, environ: Mapping[str, str]) -> None:
    """Make the empty folder `into` a repository with `commit` checked out.

    Its objects are taken from the repository that `clone` lies in, if that has the commit, else fetched from `origin`,
    that commit alone. The user's clone is only read, and no hook runs.

    Raises `CannotRerun`: the commit is in neither, or the origin can't be reached.
    """
    if not re.fullmatch(r"[0-9a-f]{7,64}", commit) or (origin or "").startswith("-"):
        raise CannotRerun("source", f"it is recorded as commit {commit} of {origin}, which can't be one")
    git = _Git(environ)
    try:
        git.run(into, "init", "--quiet", "--template=")
        if origin:
            # Programs that name their own repository (in tags, for instance) find it here.
            git.run(into, "remote", "add", "origin", origin)
        if not _borrowed(git, commit, clone, into):
            _fetch(git, commit, origin, into)
        git.run(into, "checkout", "--quiet", "--detach", commit)
    except CommandFailed as failure:
        raise CannotRerun(
            "source", f"git can't check out its commit {commit}: {failure}; see that git works on this machine"
        ) from None


class _Git:
    def __init__(self, environ: Mapping[str, str]) -> None:
        kept = {name: value for name, value in environ.items() if name not in REPOSITORY_VARIABLES}
        self._environment = {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

    def run(self, folder: Path, *arguments: str, seconds: float = LOCAL_SECONDS) -> str:
        """Raises `CommandFailed`."""
        # Containers often run as another user than the checkout's owner, which git by itself refuses.
        settings = ("-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0")
        return run(Command(["git", *settings, *arguments], folder, self._environment, seconds)).strip()


def _borrowed(git: _Git, commit: str, clone: Path, into: Path) -> bool:
    """Whether the clone has the commit with all its files; `into` then reads the clone's objects."""
    try:
        git.run(clone, "cat-file", "-e", f"{commit}^{{commit}}")
        objects = Path(clone, git.run(clone, "rev-parse", "--git-path", "objects")).resolve()
        alternates = into / ".git" / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text(f"{objects}\n")
        # A partial clone lacks files, and would fetch them into itself.
        git.run(into, "rev-list", "--quiet", "--objects", "--no-walk", commit)
    except CommandFailed:
        (into / ".git" / "objects" / "info" / "alternates").unlink(missing_ok=True)
        return False
    return True


def _fetch(git: _Git, commit: str, origin: str | None, into: Path) -> None:
    if not origin:
        raise CannotRerun(
            "source",
            f"its commit {commit} is not in the clone on this machine, and no remote was recorded to fetch it from; run"
            " the command in a clone that has it",
        )
    try:
        git.run(into, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", commit, seconds=FETCH_SECONDS)
    except CommandFailed as failure:
        said = str(failure)
        if any(words in said for words in NO_SUCH_COMMIT):
            raise CannotRerun(
                "source",
                f"its commit {commit} is gone: neither the clone on this machine nor {origin} has it; push it again"
                " from a clone that still has it, or fetch it into this one",
            ) from None
        raise CannotRerun(
            "source",
            f"its commit {commit} is not in the clone on this machine, and its repository {origin} can't be reached:"
            f" {said}; see that `git fetch {origin}` works without asking for anything",
        ) from None
