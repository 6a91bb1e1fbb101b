"""A command that is attended ends with whoever holds its stdin."""

import subprocess
import sys

ATTENDED = [sys.executable, "-m", "rollback_plugin.demo.attended", sys.executable, "-c"]
DEADLINE_SECONDS = 20


def test_it_is_ended_when_its_stdin_closes() -> None:
    program = "import time; print('begun', flush=True); time.sleep(600)"
    with subprocess.Popen([*ATTENDED, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"

        # Its stdout closes only when the command, too, has ended.
        rest, _ = process.communicate(timeout=DEADLINE_SECONDS)

    assert rest == ""
    assert process.returncode != 0


def test_its_exit_code_is_the_commands() -> None:
    with subprocess.Popen([*ATTENDED, "raise SystemExit(7)"], stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=DEADLINE_SECONDS) == 7
