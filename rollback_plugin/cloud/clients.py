"""boto3 clients from an environment that is given, not the process's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.cloud.time import Client
from rollback_plugin.errors import CloudError, InvalidConfiguration

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True)
class AwsClients:
    """The clients of one environment; each is made when first asked for, and kept (they are safe to share).

    Keys, profile, region and endpoint come from `environ` under the names boto3 knows
    (https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html); what it doesn't say (shared config
    files, roles) boto3 finds in its usual places.
    """

    environ: Mapping[str, str]
    profile: str | None = None
    default_region: str | None = None
    """Region for what names none, before AWS_REGION and AWS_DEFAULT_REGION."""
    on_client: Callable[[Client], None] = field(default=lambda client: None, repr=False, compare=False)
    """Told of every client made."""
    _cloudwatch: dict[str, CloudWatchClient] = field(default_factory=dict, repr=False, compare=False)
    _lambda: dict[str, LambdaClient] = field(default_factory=dict, repr=False, compare=False)
    _others: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)

    def cloudwatch(self, region: str | None = None) -> CloudWatchClient:
        """Raises `MissingCredentials` for a profile that doesn't exist, `InvalidConfiguration` without a region."""
        region = region or self._region()
        if region not in self._cloudwatch:
            with cloud_errors("make a CloudWatch client"):
                self._cloudwatch[region] = self._session().client(
                    "cloudwatch", region_name=region, endpoint_url=self._endpoint("CLOUDWATCH"), config=_soon_or_not()
                )
            self.on_client(self._cloudwatch[region])
        return self._cloudwatch[region]

    def lambda_(self, region: str) -> LambdaClient:
        """Raises `MissingCredentials` for a profile that doesn't exist."""
        if region not in self._lambda:
            with cloud_errors("make a Lambda client"):
                self._lambda[region] = self._session().client(
                    "lambda", region_name=region, endpoint_url=self._endpoint("LAMBDA"), config=_soon_or_not()
                )
            self.on_client(self._lambda[region])
        return self._lambda[region]

    def client(self, service: str, region: str) -> Any:
        """A client of any service, by boto3's name for it. Raises `MissingCredentials` for a profile that doesn't
        exist."""
        if (service, region) not in self._others:
            with cloud_errors(f"make a client of {service}"):
                self._others[service, region] = self._session().client(  # type: ignore[call-overload]
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint(service.upper().replace("-", "_")),
                    config=_soon_or_not(),
                )
            self.on_client(self._others[service, region])
        return self._others[service, region]

    def has_credentials(self) -> bool:
        """Whether boto3 finds credentials, and can read what it finds; whether AWS takes them isn't asked."""
        if self.environ.get("AWS_ACCESS_KEY_ID") and not self.profile:
            return True
        try:
            with cloud_errors("look for credentials"):
                return self._session().get_credentials() is not None
        except CloudError:
            return False

    def _session(self) -> boto3.Session:
        import boto3
        import botocore.session

        core = botocore.session.Session(
            session_vars={
                variable: (None, None, self.environ.get(name, default), None)
                for variable, name, default in (
                    ("config_file", "AWS_CONFIG_FILE", "~/.aws/config"),
                    ("credentials_file", "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
                )
            }
        )
        key = self.environ.get("AWS_ACCESS_KEY_ID")
        if key and not self.profile:
            return boto3.Session(
                aws_access_key_id=key,
                aws_secret_access_key=self.environ.get("AWS_SECRET_ACCESS_KEY"),
                aws_session_token=self.environ.get("AWS_SESSION_TOKEN"),
                botocore_session=core,
            )
        # A profile that the stack's config names goes before keys of the environment, as in the stack's provider.
        return boto3.Session(profile_name=self.profile or self.environ.get("AWS_PROFILE"), botocore_session=core)

    def _region(self) -> str:
        region = self.default_region or self.environ.get("AWS_REGION") or self.environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise InvalidConfiguration(
                "No AWS region is known for the stack's alarms: set config `aws:region` of the stack, or AWS_REGION."
            )
        return region

    def _endpoint(self, service: str) -> str | None:
        return self.environ.get(f"AWS_ENDPOINT_URL_{service}") or self.environ.get("AWS_ENDPOINT_URL")


def _soon_or_not() -> Config:
    """A rollback doesn't wait minutes for AWS: throttles and passing failures are retried, a silent endpoint is not
    waited for as long as botocore would (60 s for each of 5 attempts)."""
    from botocore.config import Config

    return Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "max_attempts": 4})
