"""How a component refuses its arguments."""

import pulumi

from rollback_plugin.errors import InvalidConfiguration


class InvalidArguments(InvalidConfiguration, pulumi.RunError):
    """`InvalidConfiguration` as Pulumi shows it: its one paragraph, without a traceback."""
