"""What EmbeddedAws and its server process tell each other."""

from dataclasses import dataclass

ACCOUNT_ID = "123456789012"  # moto's default account


@dataclass(frozen=True)
class ServerSettings:
    """`scratch_folder` belongs to the starting process; `function_environment` is handed to every Lambda function."""

    region: str
    scratch_folder: str
    evaluation_interval_seconds: float
    metric_flush_seconds: float
    function_environment: dict[str, str]


@dataclass(frozen=True)
class ServerAddresses:
    """Base URLs, without a slash at the end."""

    endpoint_url: str
    lambda_url: str
