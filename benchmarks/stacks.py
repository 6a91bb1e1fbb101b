"""A stack of any size, deployed twice, for commands to be timed on."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from benchmarks.runner import ENVIRONMENT, LOCK_FILE, lock_file, make_environment
from rollback_plugin.embedded import EmbeddedAws
from tests.replay.deployed_stack import DeployedStack

KINDS = 4
"""Resources made in each turn of the program's loop."""

TODAY = "today-1"
"""Release 1 as it is without this project, in an environment of its own."""

_TRACKING = """
from rollback_plugin import track

track()
"""
_PROGRAM = """
import pulumi
import pulumi_aws as aws
{tracking}
for number in range({turns}):
    queue = aws.sqs.Queue(f"queue-{{number}}", visibility_timeout_seconds=30 + ({release} if number < {changed} else 0))
    topic = aws.sns.Topic(f"topic-{{number}}")
    aws.ssm.Parameter(f"queue-url-{{number}}", type="String", value=queue.url)
    aws.ssm.Parameter(f"topic-arn-{{number}}", type="String", value=topic.arn)
"""
_OWN_ENVIRONMENT = f"""
name: {{project}}
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {ENVIRONMENT}
"""
_NOT_IN_GIT = f"{ENVIRONMENT}/\n__pycache__/\n"


def program(resources: int, changed: int, release: int, *, tracked: bool = True) -> str:
    """The code of a release. The first `changed` of the resources differ from one release to another."""
    turns = resources // KINDS
    return _PROGRAM.format(
        tracking=_TRACKING if tracked else "", turns=turns, release=release, changed=min(changed, turns)
    )


@dataclass(frozen=True)
class StackToTime:
    """A project as a person has it on disk."""

    stack: DeployedStack

    @property
    def folder(self) -> Path:
        return self.stack.root

    def write(self, code: str) -> None:
        """Put a program into the project's folder."""
        (self.folder / "__main__.py").write_text(code)

    def deploy(self, release: int) -> None:
        """`pulumi up` of a release, then `rollback record`."""
        self.check_out(f"release-{release}")
        self.run("pulumi", "up", "--yes", "--skip-preview")
        self.run("rollback", "record")

    def commit(self, tag: str, files: Mapping[str, str]) -> None:
        """Put files into the project's folder, and commit all that is there."""
        for name, text in files.items():
            (self.folder / name).write_text(text)
        who = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@localhost", "-c", "commit.gpgsign=false"]
        self.run("git", "init", "--quiet")
        self.run("git", "add", "--all")
        self.run("git", *who, "commit", "--quiet", "--message", tag)
        self.run("git", "tag", tag)

    def check_out(self, tag: str) -> None:
        self.run("git", "checkout", "--quiet", tag)

    def make_environment(self) -> None:
        """What a fresh runner does first, its package cache being warm."""
        make_environment(self.folder, self.stack.environment)

    def forget_environment(self) -> None:
        shutil.rmtree(self.folder / ENVIRONMENT, ignore_errors=True)

    def plan(self) -> None:
        """Make the plan that the next `undo` finds."""
        self.run("rollback", "plan", "--to", "1")

    def plan_recovery(self) -> None:
        """Make the plan that the next `recover` finds, as a watch does while a rollback is being verified."""
        self.run("rollback", "plan", "--recover")

    def undo(self) -> None:
        self.run("rollback", "undo", "--to", "1", "--yes")

    def recover(self) -> None:
        """Forward again, which also lets the newer release be deployed again."""
        self.run("rollback", "recover", "--yes")

    def forget_plans(self) -> None:
        """So that the next rollback makes its own."""
        for plans in self.stack.state_folder.glob(".rollback/stacks/*/*/plans"):
            shutil.rmtree(plans)

    def run(self, *command: str, variables: Mapping[str, str] = MappingProxyType({})) -> str:
        """Raises AssertionError, with what was printed, unless it succeeds."""
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.stack.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if ended.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {ended.stdout}\n{ended.stderr}")
        return ended.stdout


@contextmanager
def empty_stack() -> Iterator[StackToTime]:
    """Nothing is deployed yet."""
    with EmbeddedAws() as aws, TemporaryDirectory(prefix="rollback-benchmark-") as folder:
        yield StackToTime(DeployedStack(Path(folder), aws, with_passphrase=True))


@contextmanager
def stack_of(resources: int, changed: int = 1) -> Iterator[StackToTime]:
    """Two releases deployed, which differ in `changed` resources; the second one runs. `TODAY` is committed, too."""
    with empty_stack() as stack:
        plain = (stack.folder / "Pulumi.yaml").read_text()
        stack.commit("release-1", {".gitignore": _NOT_IN_GIT, "__main__.py": program(resources, changed, 1)})
        stack.commit(
            TODAY,
            {
                "__main__.py": program(resources, changed, 1, tracked=False),
                "Pulumi.yaml": _OWN_ENVIRONMENT.format(project=stack.stack.name.project),
                LOCK_FILE: lock_file(),
            },
        )
        stack.commit("release-2", {"__main__.py": program(resources, changed, 2), "Pulumi.yaml": plain})
        stack.deploy(1)
        stack.deploy(2)
        yield stack
