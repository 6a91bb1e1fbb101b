"""A deployed stack whose programs call `track()` and lie in a git repository with a remote."""

import os
import subprocess
from pathlib import Path

from rollback_plugin.embedded import EmbeddedAws
from tests.replay.deployed_stack import DeployedStack, Program


class VersionedStack(DeployedStack):
    """Project and repository share a folder's parent: the project is one folder of the repository."""

    def __init__(self, folder: Path, aws: EmbeddedAws) -> None:
        self.repository = folder / "repository"
        self.remote = folder / "remote.git"
        super().__init__(folder / "repository", aws)
        self.pulumi("config", "set", "rollback:store", (self.repository / "store").as_uri())
        self.pulumi("config", "set", "--secret", "password", "correct-horse")
        (self.repository / ".gitignore").write_text("/state/\n/store/\n__pycache__/\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("init", "--quiet", "--bare", str(self.remote))
        self.git("remote", "add", "origin", str(self.remote))

    def deploy_commit(self, program: Program) -> int:
        """Commit and push the program, then deploy it; return the version's number."""
        self._write(program)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a version")
        self.git("push", "--quiet", "origin", "main")
        return self.deploy(program)

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        ended = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.repository,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()
