"""The command's surface: its subcommands, their help, and what it loads to say so."""

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


def test_help_loads_nothing_that_takes_its_time() -> None:
    program = (
        "import sys\nfrom typer.testing import CliRunner\nfrom rollback_plugin.cli.application import application\n"
        "assert CliRunner().invoke(application, ['--help']).exit_code == 0\n"
        "slow = 'boto3 grpc httpx moto opentelemetry pulumi pydantic rich.console stamina structlog yaml zstandard'\n"
        "print([name for name in slow.split() if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_command_that_runs_no_engine_loads_neither_sdk() -> None:
    program = (
        "import sys, rollback_plugin.controller.assembly, rollback_plugin.controller.records\n"
        "print([name for name in ('boto3', 'botocore', 'grpc', 'httpx', 'pulumi') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_what_undoes_a_stack_is_there_before_what_watches_one() -> None:
    program = (
        "import sys, rollback_plugin.controller.operated_stack\n"
        "rooms = ('controller.evidence', 'controller.stack_controller', 'notices.addresses', 'replay.forecast',"
        " 'replay.source', 'signals.alarms')\n"
        "print([name for name in rooms if f'rollback_plugin.{name}' in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_preview_needs_the_option_that_asks_for_its_judgement() -> None:
    result = CliRunner().invoke(application, ["plan", "preview.json"])

    assert result.exit_code == 2
    assert "without --of-preview" in result.output


def test_a_preview_that_cannot_be_read_is_named() -> None:
    result = CliRunner().invoke(application, ["plan", "--of-preview", "no-such-file.json"])

    assert isinstance(result.exception, InvalidConfiguration)
    assert "no-such-file.json can't be read" in str(result.exception)
