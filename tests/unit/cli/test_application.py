"""The command's surface: its subcommands, their help, and what it loads to say so."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rollback_plugin.cli.application import application
from rollback_plugin.errors import InvalidConfiguration

ANSWERING = ["approve", "deny", "freeze", "unfreeze"]
CHANGING = ["undo", "recover", "release", "prune", *ANSWERING]
LOOKING = ["history", "status", "diff", "evidence", "plan", "verify"]
COMMANDS = ["demo", "record", *LOOKING, *CHANGING, "watch", "worker"]


def help_of(*command: str) -> str:
    result = CliRunner().invoke(application, [*command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_are_these() -> None:
    text = help_of()
    assert [name for name in COMMANDS if f" {name} " not in text] == []
    assert len(application.registered_commands) == len(COMMANDS)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "worker"])  # it speaks nothing else
def test_every_command_has_json_output(command: str) -> None:
    assert "--output" in help_of(command)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("demo", "worker")])
def test_every_command_on_a_stack_takes_it_by_name_and_folder(command: str) -> None:
    text = help_of(command)
    assert "--stack" in text
    assert "--cwd" in text


@pytest.mark.parametrize("command", CHANGING)
def test_what_changes_something_takes_a_yes(command: str) -> None:
    assert "--yes" in help_of(command)


@pytest.mark.parametrize("command", ["plan", "undo", "recover"])
def test_what_re_applies_a_version_takes_the_way_to_do_it(command: str) -> None:
    text = help_of(command)
    assert "--data" in text
    assert "--strategy" in text
    for way in ("snapshot", "source", "auto"):
        assert way in text


def test_an_unknown_option_is_a_usage_error() -> None:
    assert CliRunner().invoke(application, ["undo", "--no-such-option"]).exit_code == 2


def loaded_by(program: str, *names: str) -> list[str]:
    """Which modules of these names a new process has loaded once the program has run."""
    telling = f"{program}\nimport json, sys\nprint(json.dumps([name for name in {names!r} if name in sys.modules]))"
    ended = subprocess.run([sys.executable, "-c", telling], capture_output=True, text=True, check=True)
    loaded: list[str] = json.loads(ended.stdout)
    return loaded


SDKS = ("boto3", "botocore", "grpc", "httpx", "pulumi")


def test_help_loads_nothing_that_takes_its_time() -> None:
    program = (
        "from typer.testing import CliRunner\nfrom rollback_plugin.cli.application import application\n"
        "assert CliRunner().invoke(application, ['--help']).exit_code == 0"
    )
    slow = ("moto", "opentelemetry", "pydantic", "rich.console", "stamina", "structlog", "yaml", "zstandard")
    assert loaded_by(program, *SDKS, *slow, "typer") == ["typer"]


def test_what_is_told_from_the_journal_is_read_without_pydantic() -> None:
    program = "import rollback_plugin.cli.application, rollback_plugin.backend.project\n"
    program += "import rollback_plugin.controller.records, rollback_plugin.report.tables"
    assert loaded_by(program, *SDKS, "pydantic", "rich.console", "msgspec") == ["msgspec"]


def test_a_command_that_runs_no_engine_loads_neither_sdk() -> None:
    program = "import rollback_plugin.controller.watched_stack, rollback_plugin.controller.records"
    assert loaded_by(program, *SDKS, "pydantic", "msgspec") == ["msgspec"]


def test_what_undoes_a_stack_is_there_before_what_watches_one() -> None:
    rooms = (
        "controller.evidence",
        "controller.stack_controller",
        "notices.addresses",
        "replay.forecast",
        "replay.source",
        "signals.alarms",
    )
    names = [f"rollback_plugin.{room}" for room in (*rooms, "controller.operate")]
    assert loaded_by("import rollback_plugin.controller.operated_stack", *names) == [
        "rollback_plugin.controller.operate"
    ]


def test_a_preview_needs_the_option_that_asks_for_its_judgement() -> None:
    result = CliRunner().invoke(application, ["plan", "preview.json"])

    assert result.exit_code == 2
    assert "without --of-preview" in result.output


def test_a_preview_that_cannot_be_read_is_named() -> None:
    result = CliRunner().invoke(application, ["plan", "--of-preview", "no-such-file.json"])

    assert isinstance(result.exception, InvalidConfiguration)
    assert "no-such-file.json can't be read" in str(result.exception)
