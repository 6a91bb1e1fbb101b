"""The process behind one EmbeddedAws.

Started as `python -m rollback_plugin.embedded.server` with ServerSettings as JSON in argv[1]. Prints ServerAddresses,
one line of JSON, on standard output when it is ready, and ends when its standard input does: that is how it ends with
the process that started it, however that one ended.
"""

import json
import logging
import os
import sys
from dataclasses import asdict

from rollback_plugin.embedded.hosting import Hosting
from rollback_plugin.embedded.server_settings import ServerSettings


def main() -> None:
    ready = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints belongs in the log
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    hosting = Hosting(ServerSettings(**json.loads(sys.argv[1])))
    with ready:
        ready.write(json.dumps(asdict(hosting.start())) + "\n")
    while os.read(0, 4096):
        continue
    hosting.stop()
    os._exit(0)  # connections that are still open have threads that nobody will wait for


if __name__ == "__main__":
    main()
