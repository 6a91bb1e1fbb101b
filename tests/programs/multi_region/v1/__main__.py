"""Licences, served from several regions: the same things in each, through a provider per region.

Stack config: licences:regions (a list), licences:signingKey (secret)
"""

import json

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

config = pulumi.Config()
regions: list[str] = config.require_object("regions")
account = aws.get_caller_identity()


class Site(pulumi.ComponentResource):
    """All of it in one region."""

    def __init__(self, region: str) -> None:
        provider = aws.Provider(
            f"in-{region}",
            region=region,
            default_tags={"tags": {"service": "licences", "region": region}},
        )
        super().__init__("licences:index:Site", region, {}, ResourceOptions(providers={"aws": provider}))
        mine = ResourceOptions(parent=self)
        here = aws.get_region(opts=pulumi.InvokeOptions(parent=self))
        key = aws.kms.Key(
            f"key-{region}",
            description=f"Licences in {here.region}",
            deletion_window_in_days=7,
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": f"arn:aws:iam::{account.account_id}:root"},
                            "Action": "kms:*",
                            "Resource": "*",
                        }
                    ],
                }
            ),
            opts=mine,
        )
        aws.kms.Alias(f"alias-{region}", name="alias/licences", target_key_id=key.key_id, opts=mine)
        secret = aws.secretsmanager.Secret(f"signing-{region}", kms_key_id=key.arn, opts=mine)
        aws.secretsmanager.SecretVersion(
            f"signing-{region}", secret_id=secret.id, secret_string=config.require_secret("signingKey"), opts=mine
        )
        self.bucket = aws.s3.Bucket(f"licences-{region}", force_destroy=True, opts=mine)
        aws.s3.BucketVersioning(
            f"licences-{region}",
            bucket=self.bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=mine,
        )
        aws.ssm.Parameter(
            f"place-{region}",
            name="/licences/place",
            type="String",
            value=pulumi.Output.json_dumps({"bucket": self.bucket.bucket, "secret": secret.arn, "region": here.region}),
            opts=mine,
        )
        self.register_outputs({"bucket": self.bucket.bucket})


sites = {region: Site(region) for region in regions}

# Read by the sales people's tools, in the stack's own region.
aws.ssm.Parameter(
    "directory",
    type="String",
    value=pulumi.Output.json_dumps({region: site.bucket.bucket for region, site in sites.items()}),
)

pulumi.export("buckets", {region: site.bucket.bucket for region, site in sites.items()})
pulumi.export("signingKey", config.require_secret("signingKey"))
