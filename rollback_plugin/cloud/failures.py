"""AWS's ways of failing, as errors of this package."""

from collections.abc import Iterator
from contextlib import contextmanager

from rollback_plugin.errors import CloudError, CloudThrottled, CloudUnreachable, MissingCredentials


@contextmanager
def cloud_errors(doing: str) -> Iterator[None]:
    """Raise botocore's errors as `CloudError`s that say what was being done.

    `doing` completes "Could not …": "read 3 alarms". `MissingCredentials` when there are none or AWS doesn't take
    them, `CloudUnreachable` when there was no answer, `CloudThrottled` when the calls were too many, the client's own
    retries too; `CloudError` for any other refusal. All with AWS's code and words.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
        TokenRetrievalError,
    )
    from botocore.exceptions import ConnectionError as NoConnection

    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound, TokenRetrievalError) as error:
        raise MissingCredentials(
            f"Could not {doing}: {error}. Give AWS credentials as for `pulumi up`: AWS_PROFILE, "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role of the machine."
        ) from error
    except (HTTPClientError, NoConnection) as error:
        raise CloudUnreachable(
            f"Could not {doing}: AWS gave no answer ({error}). Check the network, the region and AWS_ENDPOINT_URL."
        ) from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        message = error.response.get("Error", {}).get("Message", "")
        if code in REJECTED_CREDENTIALS:
            raise MissingCredentials(
                f"Could not {doing}: AWS does not take the credentials it was given ({code}: {message}). "
                "Renew them (for example `aws sso login`) and try again."
            ) from error
        if code in THROTTLES:
            retries = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
            raise CloudThrottled(
                f"Could not {doing}: AWS throttles the call, after {retries} retries too ({code}: {message}). Try again"
                " later; if it goes on, see who else calls this in the account and region, or have the quota of the"
                " call raised in Service Quotas."
            ) from error
        raise CloudError(f"Could not {doing}: AWS answered {code}: {message}") from error
    except BotoCoreError as error:
        raise CloudError(f"Could not {doing}: {error}") from error


REJECTED_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes of "Common Errors" (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html) that
mean that the credentials, not the request, are at fault."""

THROTTLES = frozenset({"RequestThrottled", "Throttling", "ThrottlingException", "TooManyRequestsException"})
"""Codes for too many calls: CloudWatch's is `Throttling`, with status 400
(https://repost.aws/knowledge-center/cloudwatch-400-error-throttling), also known by the name that is common to AWS's
services, `ThrottlingException`; SQS' is `RequestThrottled`, Lambda's `TooManyRequestsException` (API_SendMessage.html
and API_UpdateAlias.html of their API references)."""
