"""A documentation site in a bucket: one object per file of the folder that `build.py` made.

Stack config: site:cacheSeconds
"""

import json
import mimetypes
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

config = pulumi.Config()
SITE = Path("site")

bucket = aws.s3.Bucket("site", force_destroy=True)
aws.s3.BucketOwnershipControls("site", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
public_access = aws.s3.BucketPublicAccessBlock(
    "site", bucket=bucket.id, block_public_acls=True, block_public_policy=False, ignore_public_acls=True
)
website = aws.s3.BucketWebsiteConfiguration(
    "site", bucket=bucket.id, index_document={"suffix": "index.html"}, error_document={"key": "errors/404.html"}
)
aws.s3.BucketPolicy(
    "site",
    bucket=bucket.id,
    policy=bucket.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": [f"{arn}/*"]},
                    {"Effect": "Deny", "Principal": "*", "Action": ["s3:GetObject"], "Resource": [f"{arn}/drafts/*"]},
                ],
            }
        )
    ),
    opts=ResourceOptions(depends_on=[public_access]),
)

for path in sorted(SITE.rglob("*")):
    if path.is_file():
        key = path.relative_to(SITE).as_posix()
        content_type, _ = mimetypes.guess_type(path)
        aws.s3.BucketObjectv2(
            key,
            bucket=bucket.id,
            key=key,
            source=pulumi.FileAsset(str(path)),
            content_type=content_type or "application/octet-stream",
            cache_control=f"max-age={config.require_int('cacheSeconds')}" if key.startswith("assets/") else None,
        )

pulumi.export("url", website.website_endpoint.apply(lambda endpoint: f"http://{endpoint}"))
pulumi.export("bucketName", bucket.id)
