"""A stack of any size, deployed twice, for commands to be timed on."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rollback_plugin.embedded import EmbeddedAws
from tests.replay.deployed_stack import DeployedStack

KINDS = 4
"""Resources made in each turn of the program's loop."""

_PROGRAM = """
import pulumi
import pulumi_aws as aws
from rollback_plugin import track

track()
for number in range({turns}):
    queue = aws.sqs.Queue(f"queue-{{number}}", visibility_timeout_seconds=30 + ({release} if number < {changed} else 0))
    topic = aws.sns.Topic(f"topic-{{number}}")
    aws.ssm.Parameter(f"queue-url-{{number}}", type="String", value=queue.url)
    aws.ssm.Parameter(f"topic-arn-{{number}}", type="String", value=topic.arn)
"""


class StackToTime:
    """A project with two versions, as a person has it on disk."""

    def __init__(self, stack: DeployedStack, resources: int, changed: int) -> None:
        self._stack = stack
        self._turns = resources // KINDS
        self._changed = changed

    def deploy(self, release: int) -> None:
        """`pulumi up` of a release, then `rollback record`."""
        self.select(release)
        self.run("pulumi", "up", "--yes", "--skip-preview")
        self.run("rollback", "record")

    def select(self, release: int) -> None:
        """Put a release's program into the project's folder, as a checkout would."""
        code = _PROGRAM.format(turns=self._turns, release=release, changed=self._changed)
        (self._stack.root / "__main__.py").write_text(code)

    def run(self, *command: str) -> str:
        """Raises AssertionError, with what was printed, unless it succeeds."""
        ended = subprocess.run(
            command,
            cwd=self._stack.root,
            env=self._stack.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if ended.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {ended.stdout}\n{ended.stderr}")
        return ended.stdout


@contextmanager
def stack_of(resources: int, changed: int = 1) -> Iterator[StackToTime]:
    """Two releases deployed, which differ in `changed` resources; the second one runs."""
    with EmbeddedAws() as aws, TemporaryDirectory(prefix="rollback-benchmark-") as folder:
        stack = StackToTime(DeployedStack(Path(folder), aws), resources, changed)
        stack.deploy(1)
        stack.deploy(2)
        yield stack
