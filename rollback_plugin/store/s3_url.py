"""From an `s3://` URL, as Pulumi takes it for a backend, to the store there."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.store.prefixed import PrefixedStore
from rollback_plugin.store.s3 import S3Store
from rollback_plugin.store.s3_failures import reading_failed
from rollback_plugin.store.shown import shown

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ENCRYPTIONS = {"aes256": "AES256", "aws:kms": "aws:kms", "aws:kms:dsse": "aws:kms:dsse"}
_KNOWN = {
    "region",
    "profile",
    "endpoint",
    "disableSSL",
    "disable_https",
    "s3ForcePathStyle",
    "use_path_style",
    "accelerate",
    "dualstack",
    "fips",
    "ssetype",
    "kmskeyid",
    # Said to Pulumi's S3 library only, and without a meaning for ours.
    "request_checksum_calculation",
    "response_checksum_validation",
    "awssdk",
    "hostname_immutable",
    "rate_limiter_capacity",
}


def open_s3_store(url: str, environ: Mapping[str, str], on_client: Callable[["S3Client"], None]) -> ObjectStore:
    """The store at an `s3://` URL, read as `open_store` says; nothing is asked of it yet."""
    parts = urlsplit(url)
    parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(parameters.keys() - _KNOWN)
    if unknown:
        raise InvalidConfiguration(
            f"The URL {shown(url)} has parameters that are not known here: {', '.join(unknown)}. Known are: "
            f"{', '.join(sorted(_KNOWN))}."
        )
    if not parts.hostname or parts.netloc != parts.hostname:
        raise InvalidConfiguration(f"The URL {shown(url)} names no S3 bucket. Write s3://bucket/prefix.")
    client = _s3_client(url, parameters, environ)
    on_client(client)
    store = S3Store(client, parts.netloc, _encryption(url, parameters))
    prefix = unquote(parts.path).strip("/")
    return PrefixedStore(store, prefix) if prefix else store


def _encryption(url: str, parameters: Mapping[str, str]) -> dict[str, str]:
    encryption = {}
    if "ssetype" in parameters:
        kind = _ENCRYPTIONS.get(parameters["ssetype"].lower())
        if kind is None:
            raise InvalidConfiguration(
                f"The URL {shown(url)} asks for ssetype={parameters['ssetype']}, which S3 doesn't have. Known are: "
                f"{', '.join(_ENCRYPTIONS.values())}."
            )
        encryption["ServerSideEncryption"] = kind
    if "kmskeyid" in parameters:
        encryption["SSEKMSKeyId"] = parameters["kmskeyid"]
    return encryption


def _s3_client(url: str, parameters: Mapping[str, str], environ: Mapping[str, str]) -> "S3Client":
    def is_on(*names: str) -> bool:
        return any(_truth(url, name, parameters[name]) for name in names if name in parameters)

    endpoint = parameters.get("endpoint") or environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    without_tls = is_on("disableSSL", "disable_https")
    if endpoint and "://" not in endpoint:
        endpoint = f"{'http' if without_tls else 'https'}://{endpoint}"
    # Services that only resemble S3 often refuse the checksums newer SDKs add; Pulumi leaves them out there too.
    checksums: Literal["when_required", "when_supported"] = "when_required" if endpoint else "when_supported"
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"total_max_attempts": 1},
        request_checksum_calculation=checksums,
        response_checksum_validation=checksums,
        use_dualstack_endpoint=is_on("dualstack"),
        use_fips_endpoint=is_on("fips"),
        s3={
            "addressing_style": "path" if is_on("s3ForcePathStyle", "use_path_style") else "auto",
            "use_accelerate_endpoint": is_on("accelerate"),
        },
    )
    try:
        session = _session(parameters, environ)
        return session.client("s3", endpoint_url=endpoint, use_ssl=not without_tls, config=config)
    except ValueError:
        raise InvalidConfiguration(
            f"The endpoint of {shown(url)} is not an address. Write endpoint=host:port, or endpoint=https://host:port."
        ) from None
    except BotoCoreError as error:
        raise reading_failed(error, shown(url)) from error


def _session(parameters: Mapping[str, str], environ: Mapping[str, str]) -> boto3.Session:
    """A profile named in the URL comes before keys in the environment, and those before AWS_PROFILE, as in the AWS SDK
    for Go."""
    region = parameters.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if "profile" in parameters:
        return boto3.Session(profile_name=parameters["profile"], region_name=region)
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        return boto3.Session(
            aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environ.get("AWS_SESSION_TOKEN"),
            region_name=region,
        )
    return boto3.Session(profile_name=environ.get("AWS_PROFILE"), region_name=region)


def _truth(url: str, name: str, value: str) -> bool:
    """A boolean as Go's strconv.ParseBool reads it."""
    if value in {"1", "t", "T", "TRUE", "true", "True"}:
        return True
    if value in {"0", "f", "F", "FALSE", "false", "False"}:
        return False
    raise InvalidConfiguration(f"The URL {shown(url)} says {name}={value}. Write {name}=true or {name}=false.")
