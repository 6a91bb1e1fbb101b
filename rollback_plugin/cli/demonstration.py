"""`rollback demo`."""

import typer

from rollback_plugin.cli.options import Output, OutputOption
from rollback_plugin.cli.printing import print_json


def demo(output: OutputOption = Output.TEXT) -> None:
    """Show the main job on this machine: two incidents, undone while a consumer counts every answer.

    Needs the Pulumi engine on PATH, no AWS account and no login. Takes under two minutes. Exits with 1 if anything
    that the demo promises did not happen.
    """
    from rich.console import Console

    from rollback_plugin.demo.story import run
    from rollback_plugin.report.receipt import render

    receipt = run(Console(stderr=output is Output.JSON))
    if output is Output.JSON:
        print_json(receipt.as_json())
    else:
        Console().print(render(receipt))
    if not receipt.holds:
        raise typer.Exit(1)
