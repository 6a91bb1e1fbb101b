"""The command `rollback`."""

import atexit
import gc
import sys

OBJECTS_BETWEEN_COLLECTIONS = 200_000


def main() -> None:
    """Run the command; errors of this package become one paragraph on stderr and their exit code."""
    # A command's objects are needed until it ends: by default they would be gone through after every 700 of them.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    from rollback_plugin.cli.application import application
    from rollback_plugin.errors import RollbackPluginError

    # What ends with the process needs no collecting, which would take a tenth of a second.
    atexit.register(gc.freeze)
    try:
        application()
    except RollbackPluginError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
