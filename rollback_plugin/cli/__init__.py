"""The command `rollback`."""

import sys


def main() -> None:
    """Run the command; errors of this package become one paragraph on stderr and their exit code."""
    from rollback_plugin.cli.application import application
    from rollback_plugin.errors import RollbackPluginError

    try:
        application()
    except RollbackPluginError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
