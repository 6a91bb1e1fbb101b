"""The command's tree: which subcommand is in which module."""

import typer

from rollback_plugin.cli import (
    answering,
    changing,
    comparing,
    demonstration,
    looking,
    proving,
    pruning,
    recording,
    verifying,
    watching,
    working,
)

application = typer.Typer(
    name="rollback",
    help="Undo and recover deploys of Pulumi stacks, so that the consumers of a service don't notice.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 refused by the plan (nothing was touched).",
)

application.command()(demonstration.demo)
application.command()(recording.record)
application.command()(looking.history)
application.command()(looking.status)
application.command()(comparing.diff)
application.command()(looking.plan)
application.command()(verifying.verify)
application.command()(proving.evidence)
application.command()(changing.undo)
application.command()(changing.recover)
application.command()(changing.release)
application.command()(pruning.prune)
application.command()(answering.approve)
application.command()(answering.deny)
application.command()(answering.freeze)
application.command()(answering.unfreeze)
application.command()(watching.watch)
application.command()(working.worker)
