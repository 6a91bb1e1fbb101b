"""How the secrets of the stacks of most tests are sealed."""

from collections.abc import Mapping
from typing import Any

import boto3

REGION = "us-east-1"


def by_a_key(environment: Mapping[str, str]) -> str:
    """For `pulumi stack init --secrets-provider`: by a new key of the KMS at the endpoint that the environment names.

    By a passphrase each run of the engine takes nearly twice as long: it derives the key from it.
    """
    client: Any = boto3.client
    kms = client(
        "kms",
        region_name=REGION,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    return f"awskms:///{kms.create_key()['KeyMetadata']['KeyId']}?region={REGION}"
