"""Runs a command for as long as somebody holds stdin: `python -m rollback_plugin.demo.attended COMMAND ...`.

The command is told to end (SIGTERM) when stdin closes, which it also does when whoever holds its other end is killed.
"""

import os
import subprocess
import sys
import threading


def main() -> None:
    """Exits as the command does."""
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

    def end_when_left_alone() -> None:
        os.read(sys.stdin.fileno(), 1)
        command.terminate()

    threading.Thread(target=end_when_left_alone, daemon=True).start()
    sys.exit(command.wait())


if __name__ == "__main__":
    main()
