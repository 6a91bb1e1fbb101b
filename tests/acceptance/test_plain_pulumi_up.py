"""A plain `pulumi up` of a program with `track()` and nothing else of ours can be undone and recovered."""

import pytest

from tests.acceptance.project import PulumiProject

pytestmark = pytest.mark.engine

SECRET = "a-very-secret-price"

V1 = """
import pulumi, pulumi_aws as aws
from rollback_plugin import track
track()
config = pulumi.Config()
topic = aws.sns.Topic("orders")
price = aws.ssm.Parameter("price", type="SecureString", value=config.require_secret("price"))
greeting = aws.ssm.Parameter("greeting", type="String", value="hello")
subscribers = aws.ssm.Parameter("subscribers", type="String", value=topic.arn.apply(lambda arn: f"topic={arn}"))
old = aws.ssm.Parameter("only-in-one", type="String", value="1")
bucket = aws.s3.Bucket("pages")
page = aws.s3.BucketObject("page", bucket=bucket.bucket, key="index.html", source=pulumi.FileAsset("index.html"))
pulumi.export("topic", topic.arn)
pulumi.export("greeting", greeting.value)
pulumi.export("price", price.value)
"""

V2 = """
import pulumi, pulumi_aws as aws
from rollback_plugin import track
track()
config = pulumi.Config()
topic = aws.sns.Topic("orders", name="orders-renamed")
price = aws.ssm.Parameter("price", type="SecureString", value=config.require_secret("price"))
greeting = aws.ssm.Parameter("greeting", type="String", value="good bye")
subscribers = aws.ssm.Parameter("subscribers", type="String", value=topic.arn.apply(lambda arn: f"topic={arn}"))
new = aws.sns.Topic("only-in-two")
bucket = aws.s3.Bucket("pages")
page = aws.s3.BucketObject("page", bucket=bucket.bucket, key="index.html", source=pulumi.FileAsset("index.html"))
pulumi.export("topic", topic.arn)
pulumi.export("greeting", greeting.value)
pulumi.export("added", new.arn)
"""

PAGE_1 = {"index.html": "<p>one</p>"}
PAGE_2 = {"index.html": "<p>two</p>"}


def test_undo_and_recover_end_where_each_versions_own_program_sees_no_change(project: PulumiProject) -> None:
    project.write(V1, PAGE_1)
    project.create_stack(secrets={"shop:price": SECRET})
    project.up().must()
    project.rollback("record").must()
    first_outputs = project.outputs()

    project.write(V2, PAGE_2)
    project.up().must()
    project.rollback("record").must()
    second_outputs = project.outputs()
    assert [(row["version"], row["kind"]) for row in project.rollback("history", "--output", "json").json()] == [
        (1, "deploy"),
        (2, "deploy"),
    ]

    told = project.rollback("diff", "2", "--output", "json")
    assert SECRET not in told.said
    assert {row["urn"].rpartition("::")[2]: row["kind"] for row in told.json()["resources"]} == {
        "orders": "replaced",
        "greeting": "changed",
        "subscribers": "changed",
        "page": "changed",
        "only-in-one": "removed",
        "only-in-two": "made",
    }
    verified = project.rollback("verify", "--output", "json").json()
    assert (verified["versions"], verified["problems"]) == (2, [])

    project.rollback("undo", "--yes").must()
    project.write(V1, PAGE_1)
    project.preview_sees_no_change().must()
    undone = project.outputs()
    assert undone.keys() == first_outputs.keys()
    assert {key: undone[key] for key in ("greeting", "price")} == {"greeting": "hello", "price": SECRET}

    assert project.rollback("plan", "--recover", "--output", "json").json()["target"] == 2
    project.rollback("recover", "--yes").must()
    project.write(V2, PAGE_2)
    project.preview_sees_no_change().must()
    assert project.outputs().keys() == second_outputs.keys()
    assert project.outputs()["greeting"] == "good bye"

    history = project.rollback("history", "--output", "json").json()
    assert [(row["version"], row["kind"]) for row in history] == [
        (1, "deploy"),
        (2, "deploy"),
        (1, "rollback"),
        (2, "recovery"),
    ]
    for row in history:
        assert row.keys() >= {"version", "kind", "verdict", "time", "source"}
