"""A plain `pulumi up` of Python programs through the language host that the set-up laid beside the engine."""

import json
import os
import platform
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually

pytestmark = pytest.mark.engine

PROCESS_DEADLINE_SECONDS = 20.0
PASSPHRASE = "correct horse"
ROOT = Path(__file__).parents[2]


class Project:
    """A Pulumi project of one Python file, with a stack on a file backend of its own."""

    def __init__(self, folder: Path) -> None:
        self.directory = folder / "project"
        self.directory.mkdir()
        (folder / "state").mkdir()
        (self.directory / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
        self._environment = {
            **os.environ,
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self.run("stack", "init", "dev", check=True)

    def write(self, program: str, file: str = "__main__.py") -> None:
        (self.directory / file).write_text(program)

    def run(self, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=check,
        )

    def up(self) -> subprocess.CompletedProcess[str]:
        return self.run("up", "--yes", "--skip-preview")

    def start_up(self) -> subprocess.Popen[bytes]:
        with (self.directory / "output").open("wb") as output:
            return subprocess.Popen(
                ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
                cwd=self.directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def outputs(self) -> dict[str, object]:
        outputs: dict[str, object] = json.loads(self.run("stack", "output", "--json", check=True).stdout)
        return outputs


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def alive(process_id: int) -> bool:
    """Tell whether the process still runs; one that has ended and waits for its parent to look doesn't."""
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_program_is_deployed_and_its_outputs_and_prints_are_shown(project: Project) -> None:
    project.write('import pulumi; print("hello from the program")\npulumi.export("answer", 42)\n')

    ended = project.up()

    assert ended.returncode == 0, ended.stdout
    assert "hello from the program" in ended.stdout
    assert project.outputs() == {"answer": 42}


def test_the_engine_finds_the_host_where_it_looks_first(project: Project) -> None:
    project.write("")

    ended = project.up()

    assert ended.returncode == 0, ended.stdout
    assert "$PATH" not in ended.stdout
    assert "warning" not in ended.stdout


def test_a_program_sees_its_project_stack_configuration_and_secrets(project: Project) -> None:
    project.run("config", "set", "color", "green", check=True)
    project.run("config", "set", "--secret", "token", "s3cret-value", check=True)
    project.write(
        "import os, pulumi, sibling\n"
        "config = pulumi.Config()\n"
        "pulumi.export('seen', [pulumi.get_project(), pulumi.get_stack(), config.require('color'), sibling.VALUE])\n"
        "pulumi.export('token', config.require_secret('token'))\n"
        "pulumi.export('folder', os.getcwd())\n"
        "pulumi.export('leaked', 's3cret-value' in str(os.environ))\n"
    )
    project.write("VALUE = 'from a module beside the program'", "sibling.py")

    ended = project.up()

    assert ended.returncode == 0, ended.stdout
    assert project.outputs() == {
        "seen": ["tiny", "dev", "green", "from a module beside the program"],
        "token": "[secret]",
        "folder": str(project.directory.resolve()),
        "leaked": False,
    }


def test_a_preview_changes_nothing_and_tells_the_program_so(project: Project) -> None:
    project.write("import pulumi\nprint('dry run:', pulumi.runtime.is_dry_run())\n")

    ended = project.run("preview")

    assert ended.returncode == 0, ended.stdout
    assert "dry run: True" in ended.stdout


def test_a_program_that_raises_fails_the_update_with_its_own_traceback(project: Project) -> None:
    project.write('def broken():\n    raise ValueError("out of cheese")\n\nbroken()\n')

    ended = project.up()

    assert ended.returncode != 0
    assert "ValueError: out of cheese" in ended.stdout
    assert "line 2, in broken" in ended.stdout
    assert "python_program.py" not in ended.stdout
    assert "exit code" not in ended.stdout


def test_a_program_that_does_not_compile_fails_with_the_place(project: Project) -> None:
    project.write("import pulumi\nimport (\n")

    ended = project.up()

    assert ended.returncode != 0
    assert "SyntaxError" in ended.stdout
    assert "line 2" in ended.stdout
    assert "python_program.py" not in ended.stdout


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit(3)", "exit code: 3"),
        ("import os; os.abort()", "SIGABRT"),
        ("import pulumi; raise pulumi.RunError('the reason')", "the reason"),
    ],
)
def test_a_program_that_ends_early_fails_the_update(project: Project, program: str, said: str) -> None:
    project.write(program)

    ended = project.up()

    assert ended.returncode != 0
    assert said in ended.stdout


def test_a_folder_without_a_program_is_named(project: Project) -> None:
    ended = project.up()

    assert ended.returncode != 0
    assert f"There is no Python program in {project.directory}" in ended.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [("{virtualenv: missing}", "names the virtual environment missing"), ("{toolchain: poetry}", "toolchain: poetry")],
)
def test_runtime_options_that_cannot_be_met_are_named(project: Project, options: str, said: str) -> None:
    project.write("")
    project.write(f"name: tiny\nruntime:\n  name: python\n  options: {options}\n", "Pulumi.yaml")

    ended = project.up()

    assert ended.returncode != 0
    assert said in ended.stdout


@pytest.fixture
def own_environment(project: Project) -> Path:
    """The interpreter of a virtual environment that the project names as its own."""
    subprocess.run([sys.executable, "-m", "venv", project.directory / "own"], check=True)
    project.write("name: tiny\nruntime:\n  name: python\n  options:\n    virtualenv: own\n", "Pulumi.yaml")
    return project.directory / "own" / "bin" / "python"


def test_the_programs_own_virtual_environment_runs_it(project: Project, own_environment: Path) -> None:
    project.write("")

    ended = project.up()

    assert ended.returncode != 0
    assert f"{own_environment} can't import the Pulumi SDK" in ended.stdout


def test_pulumi_install_installs_the_programs_requirements_where_it_runs(
    project: Project, own_environment: Path
) -> None:
    wheel = project.directory / "greeting-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("greeting.py", "WORD = 'good day'\n")
        archive.writestr("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        archive.writestr("greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("greeting-1.0.dist-info/RECORD", "")
    project.write(f"{wheel}\n", "requirements.txt")

    ended = project.run("install")

    assert ended.returncode == 0, ended.stdout
    said = subprocess.check_output([own_environment, "-c", "import greeting; print(greeting.WORD)"], text=True)
    assert said == "good day\n"


def test_pulumi_about_names_the_interpreter_that_runs_the_program(project: Project, own_environment: Path) -> None:
    ended = project.run("about")

    assert ended.returncode == 0, ended.stdout
    assert f"executable='{own_environment}' version='{platform.python_version()}'" in ended.stdout


def test_pulumi_install_fails_with_what_pip_said(project: Project, own_environment: Path) -> None:
    assert own_environment.exists()
    project.write("./nowhere\n", "requirements.txt")

    ended = project.run("install")

    assert ended.returncode != 0
    assert "nowhere" in ended.stdout


SLEEPER = (
    "import os, pathlib, time\n"
    "pathlib.Path('program.partial').write_text(f'{os.getpid()} {os.getppid()}')\n"
    "pathlib.Path('program.partial').rename('program')\n"
    "time.sleep(600)\n"
)


@pytest.fixture
def running(project: Project) -> Iterator[tuple[Project, subprocess.Popen[bytes], tuple[int, int]]]:
    """A `pulumi up` in the middle of its program, with the ids of the program's and the host's processes."""
    project.write(SLEEPER)
    engine = project.start_up()
    ids = project.directory / "program"
    assert eventually(PROCESS_DEADLINE_SECONDS, ids.exists), (project.directory / "output").read_text()
    program, host = map(int, ids.read_text().split())
    yield project, engine, (program, host)
    engine.kill()
    engine.wait()


def test_a_killed_engine_leaves_no_process(
    running: tuple[Project, subprocess.Popen[bytes], tuple[int, int]],
) -> None:
    _, engine, children = running
    assert all(map(alive, children))

    engine.send_signal(signal.SIGKILL)

    assert eventually(PROCESS_DEADLINE_SECONDS, lambda: not any(map(alive, children)))


def test_a_killed_host_takes_its_program_with_it(
    running: tuple[Project, subprocess.Popen[bytes], tuple[int, int]],
) -> None:
    _, _, (program, host) = running

    os.kill(host, signal.SIGKILL)

    assert eventually(PROCESS_DEADLINE_SECONDS, lambda: not alive(program))


def test_an_interrupted_engine_ends_its_program_without_a_traceback(
    running: tuple[Project, subprocess.Popen[bytes], tuple[int, int]],
) -> None:
    project, engine, children = running

    engine.send_signal(signal.SIGINT)

    assert engine.wait(timeout=PROCESS_DEADLINE_SECONDS) != 0
    assert eventually(PROCESS_DEADLINE_SECONDS, lambda: not any(map(alive, children)))
    output = (project.directory / "output").read_text()
    assert "Traceback" not in output
    assert "KeyboardInterrupt" not in output


def test_a_host_begun_in_the_background_of_a_shell_listens_to_the_engine_all_the_same() -> None:
    """Such processes begin with SIGINT ignored (POSIX.1-2017, Shell Command Language, 2.11)."""
    host_command = [sys.executable, "-m", "engine.python_language_host", "127.0.0.1:1"]
    command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *host_command]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as host:
        assert host.stdout is not None
        assert int(host.stdout.readline())

        host.send_signal(signal.SIGINT)

        assert host.wait(timeout=PROCESS_DEADLINE_SECONDS) == 0
