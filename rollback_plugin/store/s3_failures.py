"""What S3's refusals and failures mean for a store.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. Where an answer has no body (HEAD), botocore
puts the HTTP status in the code's place.
"""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from rollback_plugin.errors import MissingCredentials, RollbackPluginError, StoreReadOnly, StoreUnreachable

_PASSING = {
    "ConditionalRequestConflict",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_DENIED = {"AccessDenied", "AllAccessDisabled", "AccountProblem", "403", "Forbidden", "MethodNotAllowed"}
_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_WRONG_REGION = {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect", "301"}
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)


def error_code(error: Exception) -> str:
    """S3's name of the refusal; empty when S3 gave no answer."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def is_passing(error: Exception) -> bool:
    """Whether asking again may well succeed."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error_code(error) in _PASSING or status >= 500 or status == 429
    return isinstance(error, (BotocoreConnectionError, HTTPClientError, IncompleteReadError))


def reading_failed(error: ClientError | BotoCoreError, location: str) -> RollbackPluginError:
    """The error to raise when an object or a listing couldn't be had."""
    if error_code(error) in _DENIED:
        return StoreUnreachable(
            f"AWS refused to let the store {location} be read ({_words(error)}). Give these credentials s3:GetObject "
            "and s3:ListBucket on it."
        )
    return _failed(error, location)


def writing_failed(error: ClientError | BotoCoreError, location: str) -> RollbackPluginError:
    """The error to raise when an object couldn't be kept or removed."""
    if error_code(error) in _DENIED:
        return StoreReadOnly(
            f"AWS refused to let the store {location} be written ({_words(error)}). Give these credentials "
            "s3:PutObject and s3:DeleteObject on it, or name another store with: pulumi config set rollback:store "
            "<url>."
        )
    return _failed(error, location)


def _failed(error: ClientError | BotoCoreError, location: str) -> RollbackPluginError:
    code = error_code(error)
    if isinstance(error, _NO_CREDENTIALS):
        return MissingCredentials(
            f"No AWS credentials were found for the store {location} ({_words(error)}). Set AWS_PROFILE, or "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with: aws sso login."
        )
    if code in _CREDENTIALS:
        return MissingCredentials(
            f"AWS didn't accept the credentials for the store {location} ({_words(error)}). Log in again, or set "
            "AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to ones that hold."
        )
    if code == "NoSuchBucket":
        return StoreUnreachable(
            f"The store {location} can't be used: there is no such bucket. Make it with: aws s3 mb, or name another "
            "store with: pulumi config set rollback:store <url>."
        )
    if code in _WRONG_REGION:
        return StoreUnreachable(
            f"The store {location} lies in another region than the one asked ({_words(error)}). Put ?region=<its "
            "region> at the end of the store's URL, or set AWS_REGION."
        )
    return StoreUnreachable(
        f"The store {location} couldn't be asked ({_words(error)}). Check the network, the endpoint and the bucket, "
        "and try again: nothing was lost."
    )


def _words(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        return f"{answer.get('Code', 'no code')}: {answer.get('Message', 'no message')}".rstrip(". ")
    return str(error).rstrip(". ")
