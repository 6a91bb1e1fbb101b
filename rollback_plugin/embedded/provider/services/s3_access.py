"""Who may read a bucket, and how it is served as a website.

Schemas: terraform-provider-aws, internal/service/s3/bucket_{website_configuration,public_access_block,policy,
ownership_controls}.go. All of them have the bucket's name as their id.
"""

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members
from rollback_plugin.embedded.provider.values import Properties

_BUCKET = Property("bucket", required=True, replaces=True)

_WEBSITE = (
    _BUCKET,
    Property("errorDocument", Kind.OBJECT, "ErrorDocument", fields=(Property("key", api="Key", required=True),)),
    Property("expectedBucketOwner", replaces=True, readable=False),
    Property("indexDocument", Kind.OBJECT, "IndexDocument", fields=(Property("suffix", api="Suffix", required=True),)),
    Property(
        "redirectAllRequestsTo",
        Kind.OBJECT,
        "RedirectAllRequestsTo",
        fields=(Property("hostName", api="HostName", required=True), Property("protocol", api="Protocol")),
        conflicts_with=("errorDocument", "indexDocument"),
    ),
    Property("websiteDomain", output=True),
    Property("websiteEndpoint", output=True),
)
_DASHED_WEBSITE_REGIONS = frozenset(
    {
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-west-1",
        "sa-east-1",
        "us-east-1",
        "us-gov-west-1",
        "us-west-1",
        "us-west-2",
    }
)
"""AWS General Reference, Amazon S3 website endpoints: `s3-website-<region>`; everywhere else `s3-website.<region>`."""


def _put_website(cloud: Cloud, inputs: Properties) -> str:
    bucket: str = inputs["bucket"]
    with saying(f"creating S3 Bucket ({bucket}) Website Configuration"):
        cloud.client("s3").put_bucket_website(Bucket=bucket, WebsiteConfiguration=request_members(_WEBSITE, inputs))
    return bucket


def _read_website(cloud: Cloud, bucket: str, _known: Properties) -> Properties | None:
    with saying(f"reading S3 Bucket Website Configuration ({bucket})"):
        answer = found(cloud.client("s3").get_bucket_website, Bucket=bucket)
    if answer is None:
        return None
    separator = "-" if cloud.region in _DASHED_WEBSITE_REGIONS else "."
    domain = f"s3-website{separator}{cloud.region}.amazonaws.com"
    return properties_of(_WEBSITE, answer) | {
        "bucket": bucket,
        "websiteDomain": domain,
        "websiteEndpoint": f"{bucket}.{domain}",
    }


def _update_website(cloud: Cloud, _bucket: str, change: Change) -> None:
    _put_website(cloud, change.new)


def _delete_website(cloud: Cloud, bucket: str, _state: Properties) -> None:
    with saying(f"deleting S3 Bucket Website Configuration ({bucket})"), missing_is_fine():
        cloud.client("s3").delete_bucket_website(Bucket=bucket)


_PUBLIC_ACCESS = (
    Property("blockPublicAcls", Kind.BOOLEAN, "BlockPublicAcls", default=False),
    Property("blockPublicPolicy", Kind.BOOLEAN, "BlockPublicPolicy", default=False),
    _BUCKET,
    Property("ignorePublicAcls", Kind.BOOLEAN, "IgnorePublicAcls", default=False),
    Property("restrictPublicBuckets", Kind.BOOLEAN, "RestrictPublicBuckets", default=False),
    Property("skipDestroy", Kind.BOOLEAN, readable=False),
)


def _put_public_access(cloud: Cloud, inputs: Properties) -> str:
    bucket: str = inputs["bucket"]
    with saying(f"creating S3 Bucket ({bucket}) Public Access Block"):
        cloud.client("s3").put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=request_members(_PUBLIC_ACCESS, inputs)
        )
    return bucket


def _read_public_access(cloud: Cloud, bucket: str, _known: Properties) -> Properties | None:
    with saying(f"reading S3 Bucket Public Access Block ({bucket})"):
        answer = found(cloud.client("s3").get_public_access_block, Bucket=bucket)
    if answer is None:
        return None
    return properties_of(_PUBLIC_ACCESS, answer["PublicAccessBlockConfiguration"]) | {"bucket": bucket}


def _update_public_access(cloud: Cloud, _bucket: str, change: Change) -> None:
    _put_public_access(cloud, change.new)


def _delete_public_access(cloud: Cloud, bucket: str, state: Properties) -> None:
    if state.get("skipDestroy"):
        return
    with saying(f"deleting S3 Bucket Public Access Block ({bucket})"), missing_is_fine():
        cloud.client("s3").delete_public_access_block(Bucket=bucket)


_POLICY = (_BUCKET, Property("policy", Kind.JSON, required=True, normalized=True))


def _put_policy(cloud: Cloud, inputs: Properties) -> str:
    bucket: str = inputs["bucket"]
    with saying(f"putting S3 Bucket ({bucket}) Policy"):
        cloud.client("s3").put_bucket_policy(Bucket=bucket, Policy=inputs["policy"])
    return bucket


def _read_policy(cloud: Cloud, bucket: str, _known: Properties) -> Properties | None:
    with saying(f"reading S3 Bucket Policy ({bucket})"):
        answer = found(cloud.client("s3").get_bucket_policy, Bucket=bucket)
    return None if answer is None else {"bucket": bucket, "policy": answer["Policy"]}


def _update_policy(cloud: Cloud, _bucket: str, change: Change) -> None:
    _put_policy(cloud, change.new)


def _delete_policy(cloud: Cloud, bucket: str, _state: Properties) -> None:
    with saying(f"deleting S3 Bucket Policy ({bucket})"), missing_is_fine():
        cloud.client("s3").delete_bucket_policy(Bucket=bucket)


_OWNERSHIP = (
    _BUCKET,
    Property("rule", Kind.OBJECT, required=True, fields=(Property("objectOwnership", required=True),)),
)


def _put_ownership(cloud: Cloud, inputs: Properties) -> str:
    bucket: str = inputs["bucket"]
    rules = [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]
    with saying(f"creating S3 Bucket ({bucket}) Ownership Controls"):
        cloud.client("s3").put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})
    return bucket


def _read_ownership(cloud: Cloud, bucket: str, _known: Properties) -> Properties | None:
    with saying(f"reading S3 Bucket Ownership Controls ({bucket})"):
        answer = found(cloud.client("s3").get_bucket_ownership_controls, Bucket=bucket)
    if answer is None:
        return None
    (rule,) = answer["OwnershipControls"]["Rules"]
    return {"bucket": bucket, "rule": {"objectOwnership": rule["ObjectOwnership"]}}


def _update_ownership(cloud: Cloud, _bucket: str, change: Change) -> None:
    _put_ownership(cloud, change.new)


def _delete_ownership(cloud: Cloud, bucket: str, _state: Properties) -> None:
    with saying(f"deleting S3 Bucket Ownership Controls ({bucket})"), missing_is_fine():
        cloud.client("s3").delete_bucket_ownership_controls(Bucket=bucket)


RESOURCE_TYPES = (
    ResourceType(
        "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
        "S3 Bucket Website Configuration",
        _WEBSITE,
        Operations(_put_website, _read_website, _update_website, _delete_website),
    ),
    ResourceType(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "S3 Bucket Public Access Block",
        _PUBLIC_ACCESS,
        Operations(_put_public_access, _read_public_access, _update_public_access, _delete_public_access),
    ),
    ResourceType(
        "aws:s3/bucketPolicy:BucketPolicy",
        "S3 Bucket Policy",
        _POLICY,
        Operations(_put_policy, _read_policy, _update_policy, _delete_policy),
    ),
    ResourceType(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "S3 Bucket Ownership Controls",
        _OWNERSHIP,
        Operations(_put_ownership, _read_ownership, _update_ownership, _delete_ownership),
    ),
)
