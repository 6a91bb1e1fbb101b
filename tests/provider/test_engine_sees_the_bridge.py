"""What the engine is shown for single changes: updates, replacements, unknowns, drift, secrets, imports, failures."""

import json

import pytest

from rollback_plugin.embedded.provider.values import UNKNOWN_STRING

from .conftest import Aws, Project

pytestmark = pytest.mark.engine

FUNCTION = """
import json
import pulumi
import pulumi_aws as aws

trust = {{"Version": "2012-10-17", "Statement": []}}
role = aws.iam.Role("role", assume_role_policy=json.dumps(trust))
function = aws.lambda_.Function("function", role=role.arn, handler="index.handler", runtime="python3.11", publish=True,
    code=pulumi.FileArchive("app"), timeout={timeout})
alias = aws.lambda_.Alias("live", name="live", function_name=function.name, function_version=function.version)
pulumi.export("version", function.version)
pulumi.export("sha", function.code_sha256)
"""
QUEUES = """
import pulumi_aws as aws
aws.sqs.Queue("chosen", name="orders{suffix}", fifo_queue={fifo})
aws.sqs.Queue("madeup", fifo_queue={fifo}, delay_seconds={delay})
"""


def test_each_change_of_a_function_is_a_version_and_its_alias_waits_for_it(project: Project, aws: Aws) -> None:
    app = project.folder / "app"
    app.mkdir()
    (app / "index.py").write_text("def handler(event, context): return 1")
    first = project.up(FUNCTION.format(timeout=3))
    assert first["version"] == "1"

    (app / "index.py").write_text("def handler(event, context): return 2")
    steps = project.preview()

    assert {name: step["op"] for name, step in steps.items()} == {"function": "update", "live": "update"}
    assert steps["function"]["detailedDiff"].keys() == {"code"}
    assert steps["live"]["newState"]["inputs"]["functionVersion"] == UNKNOWN_STRING

    second = project.up()
    assert second["version"] == "2"
    assert second["sha"] != first["sha"]
    assert project.up(FUNCTION.format(timeout=9))["version"] == "3"
    project.expect_no_changes()

    name = project.resources()["function"]["id"]
    versions = aws.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    assert [each["Version"] for each in versions] == ["$LATEST", "1", "2", "3"]
    assert versions[1]["CodeSha256"] == first["sha"]
    assert aws.client("lambda").get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "3"


def test_a_replacement_goes_first_when_the_name_is_chosen_and_after_when_it_is_made_up(
    project: Project, aws: Aws
) -> None:
    project.up(QUEUES.format(suffix="", fifo=False, delay=0))
    before = project.resources()

    project.write(QUEUES.format(suffix=".fifo", fifo=True, delay=0))
    shown = project.pulumi("preview", "--show-replacement-steps", "--json")
    order = [(step["op"], step["urn"].rsplit("::", 1)[-1]) for step in json.loads(shown)["steps"]]

    assert order.index(("delete-replaced", "chosen")) < order.index(("create-replacement", "chosen"))
    assert order.index(("create-replacement", "madeup")) < order.index(("delete-replaced", "madeup"))

    project.up()
    after = project.resources()
    assert after["chosen"]["outputs"]["name"] == "orders.fifo"
    assert after["madeup"]["id"] != before["madeup"]["id"]
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 2


def test_drift_shows_after_a_refresh_and_not_before(project: Project, aws: Aws) -> None:
    project.up(QUEUES.format(suffix="", fifo=False, delay=5))
    queue = project.resources()["madeup"]["id"]
    aws.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "60"})

    project.expect_no_changes()
    project.pulumi("refresh", "--yes", "--skip-preview", "--color=never")
    assert project.resources()["madeup"]["outputs"]["delaySeconds"] == 60

    steps = project.preview()
    assert {name: step["op"] for name, step in steps.items()} == {"madeup": "update"}
    assert steps["madeup"]["detailedDiff"].keys() == {"delaySeconds"}

    project.up()
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["DelaySeconds"])
    assert attributes["Attributes"] == {"DelaySeconds": "5"}


def test_what_was_deleted_by_hand_is_dropped_by_a_refresh_and_made_again(project: Project, aws: Aws) -> None:
    project.up(QUEUES.format(suffix="", fifo=False, delay=0))
    aws.client("sqs").delete_queue(QueueUrl=project.resources()["chosen"]["id"])

    project.pulumi("refresh", "--yes", "--skip-preview", "--color=never")

    assert "chosen" not in project.resources()
    assert {name: step["op"] for name, step in project.preview().items()} == {"chosen": "create"}


def test_secrets_are_ciphertext_in_the_state_and_plain_in_aws(project: Project, aws: Aws) -> None:
    project.up("""
        import pulumi
        import pulumi_aws as aws
        aws.ssm.Parameter("sensitive", name="sensitive", type="String", value="hunter2-by-type")
        hidden = pulumi.Output.secret("hunter2-given")
        aws.ssm.Parameter("given", name="given", type="String", value="x", description=hidden)
    """)

    state = project.pulumi("stack", "export")
    assert "hunter2" not in state
    resources = project.resources()
    signature = "4dabf18193072939515e22adb298388d"
    for name, secret in (("sensitive", "value"), ("given", "description")):
        for side in ("inputs", "outputs"):
            assert signature in resources[name][side][secret], (name, side)
    parameter = aws.client("ssm").get_parameter(Name="sensitive")["Parameter"]
    assert parameter["Value"] == "hunter2-by-type"
    project.expect_no_changes()


def test_an_existing_resource_is_read_and_imported(project: Project, aws: Aws) -> None:
    url = aws.client("sqs").create_queue(QueueName="existing", Attributes={"DelaySeconds": "7"})["QueueUrl"]

    outputs = project.up(f"""
        import pulumi
        import pulumi_aws as aws
        pulumi.export("delay", aws.sqs.Queue.get("read", "{url}").delay_seconds)
    """)
    assert outputs["delay"] == 7
    assert project.resources()["read"]["external"] is True

    project.up(f"""
        import pulumi
        import pulumi_aws as aws
        aws.sqs.Queue("adopted", name="existing", delay_seconds=7, opts=pulumi.ResourceOptions(import_="{url}"))
    """)
    adopted = project.resources()["adopted"]
    assert (adopted["id"], adopted["outputs"]["delaySeconds"]) == (url, 7)
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 1

    project.expect_no_changes()


def test_ignored_changes_are_not_made(project: Project) -> None:
    program = """
        import pulumi
        import pulumi_aws as aws
        aws.sqs.Queue("queue", delay_seconds={delay}, opts=pulumi.ResourceOptions(ignore_changes=["delaySeconds"]))
    """
    project.up(program.format(delay=1))
    project.write(program.format(delay=2))

    project.expect_no_changes()


def test_what_aws_refuses_is_one_line_of_diagnostics(project: Project) -> None:
    project.write("""
        import pulumi_aws as aws
        aws.lambda_.Alias("live", name="live", function_name="nobody", function_version="1")
    """)

    said = project.pulumi("up", "--yes", "--skip-preview", "--color=never", succeeds=False)

    assert (
        "error: creating Lambda Alias (live): operation error CreateAlias, https response error StatusCode: 404" in said
    )
    assert "Traceback" not in said


def test_a_wrong_input_and_an_unknown_type_are_named_before_anything_is_made(project: Project, aws: Aws) -> None:
    project.write("""
        import pulumi_aws as aws
        aws.sqs.Queue("queue", visibility_timeout_seconds="soon")
    """)
    said = project.pulumi("preview", "--color=never", succeeds=False)
    assert "Examine values at 'queue.visibilityTimeoutSeconds'" in said

    project.write("""
        import pulumi_aws as aws
        aws.glacier.Vault("vault")
    """)
    said = project.pulumi("preview", "--color=never", succeeds=False)
    assert "does not serve the resource type aws:glacier/vault:Vault" in said
    assert "aws:lambda/function:Function" in said
    assert "QueueUrls" not in aws.client("sqs").list_queues()


def test_an_explicit_provider_and_its_default_tags_are_honoured(project: Project, aws: Aws) -> None:
    project.up("""
        import pulumi
        import pulumi_aws as aws
        ireland = aws.Provider("ireland", region="eu-west-1", default_tags={"tags": {"team": "shop"}})
        aws.sqs.Queue("queue", tags={"stage": "test"}, opts=pulumi.ResourceOptions(provider=ireland))
    """)

    queue = project.resources()["queue"]
    assert queue["outputs"]["arn"].startswith("arn:aws:sqs:eu-west-1:")
    assert queue["inputs"]["tags"] == {"stage": "test"}
    assert queue["outputs"]["tagsAll"] == {"stage": "test", "team": "shop"}
    project.expect_no_changes()


def test_function_urls_lead_to_the_embedded_runtime_when_there_is_one(project: Project) -> None:
    project.environment["ROLLBACK_EMBEDDED_LAMBDA_URL"] = "http://127.0.0.1:1234/"
    (project.folder / "app").mkdir()
    (project.folder / "app" / "index.py").write_text("")

    outputs = project.up(
        FUNCTION.format(timeout=3)
        + """
for qualifier in ("live", None):
    url = aws.lambda_.FunctionUrl(f"url-{qualifier}", function_name=function.name, authorization_type="NONE",
        qualifier=qualifier, opts=pulumi.ResourceOptions(depends_on=[alias]))
    pulumi.export(str(qualifier), url.function_url)
pulumi.export("name", function.name)
"""
    )

    assert outputs["live"] == f"http://127.0.0.1:1234/{outputs['name']}/live/"
    assert outputs["None"] == f"http://127.0.0.1:1234/{outputs['name']}/$LATEST/"


def test_a_resource_made_but_not_finished_is_kept_and_finished_by_the_next_update(project: Project, aws: Aws) -> None:
    program = """
        import pulumi_aws as aws
        aws.iam.Role("role", assume_role_policy="{{}}", managed_policy_arns=[{arns}])
    """
    project.write(program.format(arns="'arn:aws:iam::123456789012:policy/missing'"))
    said = project.pulumi("up", "--yes", "--skip-preview", "--color=never", succeeds=False)
    assert "NoSuchEntity" in said
    made = project.resources()["role"]["id"]

    project.up(program.format(arns=""))

    assert project.resources()["role"]["id"] == made
    assert [each["RoleName"] for each in aws.client("iam").list_roles()["Roles"]] == [made]
