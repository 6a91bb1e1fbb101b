"""`python -m rollback_plugin.cli` is the command `rollback`."""

from rollback_plugin.cli import main

main()
