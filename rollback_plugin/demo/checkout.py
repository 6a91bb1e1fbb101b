"""The infrastructure repository of the demo: a scratch git checkout in which releases are committed and deployed."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from rollback_plugin.errors import EngineFailed, EngineNotFound, UsageError

STACK = "dev"
_GENERATED = shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml")


@dataclass(frozen=True, slots=True)
class Deployment:
    """How one `pulumi up` ended."""

    succeeded: bool
    output: str


def example_stacks() -> Path:
    """The folder of example programs, which lies beside the package in a clone. Raises `UsageError` elsewhere."""
    folder = Path(__file__).parents[2] / "stacks"
    if not folder.is_dir():
        raise UsageError(
            f"The demo deploys the example stacks of the project's repository, and there is no {folder}. Clone the "
            "repository and run `make demo` there."
        )
    return folder


class Checkout:
    """A git repository holding the two example projects, and the `pulumi` command run in it as a person would.

    `environment` is all that the commands see: it names the backend, the passphrase and the AWS endpoint.
    """

    def __init__(self, root: Path, examples: Path, environment: Mapping[str, str]) -> None:
        self.root = root
        self.orders = root / "orders"
        self.storefront = root / "storefront"
        self._examples = examples
        self._environment = dict(environment)

    def create(self) -> None:
        """Lay out release 1 of both projects and commit it."""
        for project in (self.orders, self.storefront):
            shutil.copytree(self._examples / project.name, project, ignore=_GENERATED)
            _use_this_python(project)
        (self.root / ".gitignore").write_text("__pycache__/\n")
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("config", "user.name", "Demo")
        self._git("config", "user.email", "demo@example.com")
        self._commit("Release 1")

    def select_release(self, release: int) -> None:
        """Make the orders project what it was at `release`: the release's files over those of release 1."""
        layers = [self._examples / "orders"]
        if release > 1:
            layers.append(self._examples / "releases" / f"release_{release}")
        wanted = {path.relative_to(layer) for layer in layers for path in layer.rglob("*") if path.is_file()}
        for path in [path for path in self.orders.rglob("*") if path.is_file()]:
            if path.relative_to(self.orders) not in wanted and path.name != f"Pulumi.{STACK}.yaml":
                path.unlink()
        for layer in layers:
            # With times of their own: Python trusts compiled files by size and time of the source.
            shutil.copytree(layer, self.orders, dirs_exist_ok=True, ignore=_GENERATED, copy_function=shutil.copyfile)
        _use_this_python(self.orders)
        self._commit(f"Release {release}")

    def create_stack(self, project: Path, config: Mapping[str, str]) -> None:
        """`pulumi stack init` and `pulumi config set` for each key. Raises `EngineFailed`."""
        self._must(project, "stack", "init", STACK)
        pairs = [argument for key, value in config.items() for argument in ("--plaintext", f"{key}={value}")]
        if pairs:
            self._must(project, "config", "set-all", "--stack", STACK, *pairs)
        self._commit(f"Configure {project.name}")

    def deploy(self, project: Path) -> Deployment:
        """A plain `pulumi up` of the project as it lies there."""
        ended = self._pulumi(project, "up", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK)
        return Deployment(ended.returncode == 0, ended.stdout)

    def output(self, project: Path, name: str) -> str:
        """A stack output. Raises `EngineFailed` where the stack has none of that name."""
        return self._must(project, "stack", "output", name, "--stack", STACK).strip()

    def preview_shows_no_change(self, project: Path) -> Deployment:
        """`pulumi preview --expect-no-changes` of the program as it lies there."""
        ended = self._pulumi(project, "preview", "--expect-no-changes", "--non-interactive", "--stack", STACK)
        return Deployment(ended.returncode == 0, ended.stdout)

    def _must(self, project: Path, *arguments: str) -> str:
        ended = self._pulumi(project, *arguments)
        if ended.returncode:
            raise EngineFailed(f"`pulumi {' '.join(arguments[:2])}` failed in {project.name}: {ended.stdout.strip()}")
        return ended.stdout

    def _pulumi(self, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = shutil.which("pulumi", path=self._environment.get("PATH"))
        if program is None:
            raise EngineNotFound("The demo needs the Pulumi engine, and there is no `pulumi` on PATH: run `make demo`.")
        return subprocess.run(
            [program, *arguments, "--color", "never"],
            cwd=project,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _commit(self, message: str) -> None:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", message)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, env=self._environment, stdin=subprocess.DEVNULL, check=True)


def _use_this_python(project: Path) -> None:
    """Have the language host run the programs with this interpreter's environment, which has what they import."""
    file = project / "Pulumi.yaml"
    settings = yaml.safe_load(file.read_text())
    in_environment = sys.prefix != sys.base_prefix
    settings["runtime"] = {"name": "python", "options": {"virtualenv": sys.prefix}} if in_environment else "python"
    file.write_text(yaml.safe_dump(settings, sort_keys=False))
