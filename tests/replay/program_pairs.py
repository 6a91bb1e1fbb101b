"""Pairs of programs in the style people write: what a deploy may change, one kind of change a pair."""

import io
import zipfile
from dataclasses import dataclass

from tests.replay.deployed_stack import Program

_IMPORTS = "import json\nimport pulumi\nimport pulumi_aws as aws\nfrom pulumi import ResourceOptions\n"
_ROLE = (
    "trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'sts:AssumeRole',"
    " 'Principal': {'Service': 'lambda.amazonaws.com'}}]})\n"
    "role = aws.iam.Role('role', assume_role_policy=trust)\n"
)


def _program(body: str, **files: str | bytes) -> Program:
    return Program(_IMPORTS + body, files)


def _zip(name: str, content: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


@dataclass(frozen=True)
class Pair:
    """Two versions of one program. `differing_outputs`: those that running the first again would not bring back
    either."""

    before: Program
    after: Program
    differing_outputs: frozenset[str] = frozenset()


def _membership(seconds: int, extra: str, west_value: str) -> Program:
    return _program(
        f"""
class Workers(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("shop:index:Workers", name, {{}}, opts)
        self.queue = aws.sqs.Queue(name, visibility_timeout_seconds={seconds}, opts=ResourceOptions(parent=self))
        self.register_outputs({{"url": self.queue.url}})

class Shop(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("shop:index:Shop", name, {{}}, opts)
        self.workers = Workers(name + "-workers", ResourceOptions(parent=self))
        self.register_outputs({{"url": self.workers.queue.url}})

shop = Shop("shop")
west = aws.Provider("west", region="us-west-2")
aws.ssm.Parameter("west-setting", type="String", value="{west_value}", opts=ResourceOptions(provider=west))
aws.ssm.Parameter("url", type="String", value=shop.workers.queue.url.apply(lambda url: f"at {{url}}!"))
{extra}
pulumi.export("url", shop.workers.queue.url)
pulumi.export("seconds", {seconds})
"""
    )


def _secrets(word: str) -> Program:
    return _program(
        f"""
password = pulumi.Output.secret("{word}-password")
parameter = aws.ssm.Parameter("password", type="SecureString", value=password)
settings = pulumi.Output.json_dumps({{"user": "app", "password": password}})
aws.ssm.Parameter("settings", type="String", value=settings, opts=ResourceOptions(protect=True))
pulumi.export("password", password)
pulumi.export("nested", {{"inner": [password, "plain {word}"]}})
"""
    )


def _assets(word: str) -> Program:
    body = (
        _ROLE
        + f"""
aws.lambda_.Function("folder", role=role.arn, runtime="python3.12", handler="app.handler",
    code=pulumi.FileArchive("./app"))
aws.lambda_.Function("zip", role=role.arn, runtime="python3.12", handler="app.handler",
    code=pulumi.FileArchive("build/app.zip"))
aws.lambda_.Function("members", role=role.arn, runtime="python3.12", handler="app.handler",
    code=pulumi.AssetArchive({{"app.py": pulumi.StringAsset("word = '{word}'"), "lib": pulumi.FileArchive("./app"),
                              "data.txt": pulumi.FileAsset("data.txt")}}))
bucket = aws.s3.Bucket("site")
aws.s3.BucketObjectv2("file", bucket=bucket.id, key="file", source=pulumi.FileAsset("data.txt"))
aws.s3.BucketObjectv2("text", bucket=bucket.id, key="text", source=pulumi.StringAsset("{word}"))
pulumi.export("bucket", bucket.id)
"""
    )
    files: dict[str, str | bytes] = {
        "app/app.py": f"def handler(event, context): return '{word}'\n",
        "app/pages/index.html": f"<h1>{word}</h1>",
        "build/app.zip": _zip("app.py", f"def handler(event, context): return '{word}'\n"),
        "data.txt": f"data of {word}",
    }
    return _program(body, **files)


def _replaced(name: str) -> Program:
    return _program(
        f"""
jobs = aws.sqs.Queue("jobs", name="{name}")
aws.ssm.Parameter("exact", type="String", value=jobs.url)
aws.ssm.Parameter("json", type="String", value=jobs.arn.apply(lambda arn: json.dumps({{"Resource": [arn, arn +
"/*"]}})))
topic = aws.sns.Topic("events", display_name="{name}")
aws.sqs.Queue("dead", opts=ResourceOptions(depends_on=[jobs], deleted_with=jobs))
pulumi.export("arn", jobs.arn)
pulumi.export("text", pulumi.Output.concat("send to ", jobs.url, " please"))
"""
    )


def _autonamed_replaced(fifo: bool) -> Program:
    return _program(
        f"""
jobs = aws.sqs.Queue("jobs", fifo_queue={fifo})
aws.ssm.Parameter("exact", type="String", value=jobs.url)
aws.ssm.Parameter("json", type="String", value=jobs.arn.apply(lambda arn: json.dumps({{"Resource": [arn, arn +
"/*"]}})))
pulumi.export("arn", jobs.arn)
pulumi.export("text", pulumi.Output.concat("send to ", jobs.url, " please"))
"""
    )


def _published(word: str) -> Program:
    return _program(
        _ROLE
        + """
orders = aws.lambda_.Function("orders", role=role.arn, runtime="python3.12", handler="app.handler", publish=True,
    code=pulumi.FileArchive("./app"))
live = aws.lambda_.Alias("live", function_name=orders.name, function_version=orders.version)
pulumi.export("alias", live.arn)
pulumi.export("version", orders.version)
""",
        **{"app/app.py": f"def handler(event, context): return '{word}'\n"},
    )


def _renamed(name: str, alias: str) -> Program:
    return _program(
        f"""
queue = aws.sqs.Queue("{name}", opts=ResourceOptions(aliases=[pulumi.Alias(name="{alias}")], protect=True))
aws.ssm.Parameter("url", type="String", value=queue.url)
pulumi.export("url", queue.url)
"""
    )


def _read(seconds: int) -> Program:
    return _program(
        f"""
made = aws.sqs.Queue("made", visibility_timeout_seconds={seconds})
known = aws.ssm.Parameter("known", name="/outside/known", type="String", value="constant")
found = aws.ssm.Parameter.get("found", "/outside/known", opts=ResourceOptions(depends_on=[known]))
aws.ssm.Parameter("copy", type="String", value=found.value)
pulumi.export("found", found.value)
"""
    )


def _read_own(fifo: bool, description: str) -> Program:
    return _program(
        f"""
made = aws.sqs.Queue("made", fifo_queue={fifo})
seen = aws.sqs.Queue.get("seen", made.id)
aws.ssm.Parameter("copy", type="String", value=seen.arn{description})
pulumi.export("seen", seen.arn)
"""
    )


def _options(seconds: int, extra: str) -> Program:
    return _program(
        f"""
jobs = aws.sqs.Queue("jobs", visibility_timeout_seconds={seconds}, tags={{"made": "by-{seconds}"}},
    opts=ResourceOptions(ignore_changes=["tags"], additional_secret_outputs=["url"], replace_on_changes=["fifoQueue"]))
slow = aws.sns.Topic("slow", display_name="s{seconds}",
    opts=ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="5m", delete="90s"), depends_on=[jobs]))
aws.ssm.Parameter("kept", type="String", value="v{seconds}", opts=ResourceOptions(retain_on_delete=True, parent=slow))
{extra}
pulumi.export("url", jobs.url)
"""
    )


def _structured(units: int, index: str) -> Program:
    return _program(
        f"""
table = aws.dynamodb.Table("table", billing_mode="PROVISIONED", read_capacity={units}, write_capacity=1,
    hash_key="id", range_key="at", attributes=[{{"name": "id", "type": "S"}}, {{"name": "at", "type": "N"}},
    {{"name": "{index}", "type": "S"}}], global_secondary_indexes=[{{"name": "by-{index}", "hash_key": "{index}",
    "projection_type": "ALL", "read_capacity": 1, "write_capacity": 1}}], tags={{"a.b/c": "1", "empty": ""}})
aws.ssm.Parameter("table", type="String", value=table.arn)
values = [table.name, {units}, 1.5, True, None]
pulumi.export("everything", {{"arn": table.arn, "list": values, "empty": {{}}, "none": []}})
"""
    )


def _moved(region: str) -> Program:
    return _program(
        f"""
there = aws.Provider("there", region="{region}")
jobs = aws.sqs.Queue("jobs", opts=ResourceOptions(provider=there))
aws.ssm.Parameter("url", type="String", value=jobs.url)
pulumi.export("url", jobs.url)
"""
    )


RESOURCES: dict[str, Pair] = {
    "in place, created, deleted, nested components, two providers": Pair(
        _membership(30, "aws.sns.Topic('old')", "a"), _membership(60, "aws.sqs.Queue('new')", "b")
    ),
    "a dependency with a name of its own is replaced": Pair(
        _replaced("jobs-of-version-1"), _replaced("jobs-of-version-2")
    ),
    "a dependency named by the provider is replaced": Pair(
        _autonamed_replaced(False), _autonamed_replaced(True), frozenset({"arn", "text"})
    ),
    "a published function behind an alias": Pair(_published("first"), _published("second"), frozenset({"version"})),
    "a resource is renamed": Pair(_renamed("first-name", "second-name"), _renamed("second-name", "first-name")),
    "a provider of another region": Pair(_moved("us-east-2"), _moved("us-west-2"), frozenset({"url"})),
}
"""What there is, and under which name, is another."""

VALUES: dict[str, Pair] = {
    "secrets": Pair(_secrets("first"), _secrets("second")),
    "assets of every kind": Pair(_assets("first"), _assets("second")),
    "resource options": Pair(_options(30, "aws.sns.Topic('extra')"), _options(60, "")),
    "structured values": Pair(_structured(1, "owner"), _structured(2, "owner")),
    "a resource is read": Pair(_read(30), _read(60)),
    "a resource of the stack itself is read, and was replaced": Pair(
        _read_own(False, ""), _read_own(True, ", description='of the seen one'"), frozenset({"seen"})
    ),
}
"""What resources are given is another."""
