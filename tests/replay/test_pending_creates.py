"""What a killed engine was creating is looked for: adopted if it was made, forgotten if it wasn't, never made twice."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.errors import EngineFailed, NotReplayable
from rollback_plugin.journal.options import DataPolicy, OperationOptions
from rollback_plugin.replay.events import EngineEvent, EngineStarted, ResourceStep
from rollback_plugin.replay.plan import Action
from tests.replay.backend_files import pending, rewrite_state
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]

ENGINE_END_SECONDS = 60
"""How long the plugins of a killed engine may take to notice."""
FOLLOW = OperationOptions(data=DataPolicy.FOLLOW)


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    """An account of their own: these tests list what is in it, and other suites leave queues of the same names."""
    with EmbeddedAws() as embedded:
        yield embedded


def program(*more: str) -> Program:
    lines = "\n".join(more)
    return Program(
        f"""
import pulumi
import pulumi_aws as aws
aws.sqs.Queue("first")
topic = aws.sns.Topic("topic")
{lines}
"""
    )


def queue(name: str) -> str:
    """Named differently in each test: they share one AWS."""
    return f'{name} = aws.sqs.Queue("{name}", visibility_timeout_seconds=45)'


def chosen(name: str) -> str:
    return f'aws.ssm.Parameter("chosen", name="/pending/{name}", type="String", value="v")'


PAGE = """
site = aws.s3.Bucket("site")
aws.s3.BucketObjectv2("page", bucket=site.id, content="hello")
"""
SUBSCRIPTION = 'aws.sns.TopicSubscription("mail", topic=topic.arn, protocol="email", endpoint="x@example.com")'


def interrupt_creation(stack: DeployedStack, *names: str) -> None:
    """Leave the state as an engine does that is killed while it creates these resources, all of which were made."""

    def interrupt(latest: dict[str, Any]) -> None:
        interrupted = [r for r in latest["resources"] if r["urn"].rpartition("::")[2] in names]
        assert len(interrupted) == len(names)
        latest["resources"] = [r for r in latest["resources"] if r not in interrupted]
        latest["pending_operations"] = [
            {"type": "creating", "resource": {key: v for key, v in r.items() if key not in ("id", "outputs")}}
            for r in interrupted
        ]

    rewrite_state(stack, interrupt)


def queues(aws: EmbeddedAws, prefix: str) -> list[str]:
    return list(aws.client("sqs").list_queues(QueueNamePrefix=prefix).get("QueueUrls", []))


def test_what_was_made_is_adopted_and_then_deleted_or_kept(stack: DeployedStack, aws: EmbeddedAws) -> None:
    without = stack.deploy(program())
    newer = program(queue("made"), chosen("made"), PAGE, "pulumi.export('url', made.url)")
    with_them = stack.deploy(newer)
    (made,) = queues(aws, "made")
    bucket = stack.resource("site")["id"]
    interrupt_creation(stack, "made", "chosen", "page")
    aws.client("s3").put_object(Bucket=bucket, Key="page", Body=b"something else")

    plan = stack.replay().plan(with_them)
    assert not plan.refusals
    changed = [step for step in plan.steps if step.action is not Action.SAME]
    assert [(step.action, step.urn.rpartition("::")[2]) for step in changed] == [(Action.UPDATE, "page")]
    assert len(pending(stack)) == 3

    stack.replay().apply(with_them, "operation-1", "recovery")
    assert pending(stack) == []
    assert queues(aws, "made") == [made]
    stack.must_be(newer)
    assert stack.outputs() == {"url": made}
    assert aws.client("s3").get_object(Bucket=bucket, Key="page")["Body"].read() == b"hello"

    interrupt_creation(stack, "made", "chosen", "page")
    stack.replay().apply(without, "operation-2", "rollback", FOLLOW)
    assert pending(stack) == []
    assert queues(aws, "made") == []
    assert aws.client("ssm").get_parameters(Names=["/pending/made"])["Parameters"] == []
    stack.must_be(program())


def test_what_was_not_made_is_made_once_or_forgotten(stack: DeployedStack, aws: EmbeddedAws) -> None:
    without = stack.deploy(program())
    newer = program(queue("unmade"))
    with_it = stack.deploy(newer)
    (made,) = queues(aws, "unmade")
    interrupt_creation(stack, "unmade")
    aws.client("sqs").delete_queue(QueueUrl=made)

    stack.replay().apply(without, "operation-1", "rollback")
    assert pending(stack) == []
    stack.must_be(program())

    stack.replay().apply(with_it, "operation-2", "recovery")
    (again,) = queues(aws, "unmade")
    interrupt_creation(stack, "unmade")
    aws.client("sqs").delete_queue(QueueUrl=again)

    stack.replay().apply(with_it, "operation-3", "recovery")
    assert pending(stack) == []
    assert len(queues(aws, "unmade")) == 1
    stack.must_be(newer)


def test_what_cannot_be_told_is_refused_and_touches_nothing(stack: DeployedStack, aws: EmbeddedAws) -> None:
    without = stack.deploy(program())
    stack.deploy(program(chosen("untold"), SUBSCRIPTION))
    interrupt_creation(stack, "chosen", "mail")
    aws.client("ssm").put_parameter(Name="/pending/untold", Value="somebody else's", Overwrite=True)
    before = stack.files_of_backend()

    with pytest.raises(NotReplayable) as refused:
        stack.replay().apply(without, "operation-1", "rollback")

    assert "TopicSubscription::mail" in str(refused.value)
    assert "Parameter::chosen" in str(refused.value)
    assert stack.files_of_backend() == before
    found = aws.client("ssm").get_parameter(Name="/pending/untold")["Parameter"]["Value"]
    aws.client("ssm").delete_parameter(Name="/pending/untold")
    assert found == "somebody else's"


def test_after_a_kill_amid_creates_there_is_one_of_each_and_then_none(stack: DeployedStack, aws: EmbeddedAws) -> None:
    names = [f"killed-{number}" for number in range(6)]
    without = stack.deploy(program())
    newer = program(*(f'aws.sqs.Queue("{name}")' for name in names))
    with_them = stack.deploy(newer)
    stack.replay().apply(without, "operation-1", "rollback", FOLLOW)
    assert queues(aws, "killed") == []
    engines: list[psutil.Process] = []
    plugins: list[psutil.Process] = []

    def kill_the_engine_at_the_first_creation(event: EngineEvent) -> None:
        if isinstance(event, EngineStarted):
            engines.append(psutil.Process(event.process_id))
        if isinstance(event, ResourceStep) and event.operation == "create" and event.stage == "started" and not plugins:
            plugins.extend(engines[-1].children(recursive=True))
            engines[-1].kill()

    with pytest.raises(EngineFailed):
        stack.replay().apply(with_them, "operation-2", "recovery", on_event=kill_the_engine_at_the_first_creation)
    psutil.wait_procs(plugins, timeout=ENGINE_END_SECONDS)
    (left,) = stack.backend.locks(stack.name)
    stack.backend.break_lock(stack.name, left)

    stack.replay().apply(with_them, "operation-2", "recovery")

    assert pending(stack) == []
    assert sorted(url.rpartition("/")[2].rpartition("-")[0] for url in queues(aws, "killed")) == names
    stack.must_be(newer)
    stack.replay().apply(without, "operation-3", "rollback", FOLLOW)
    assert queues(aws, "killed") == []


def test_what_an_interrupted_replacement_left_is_deleted_next_time(stack: DeployedStack, aws: EmbeddedAws) -> None:
    target = stack.deploy(program(queue("live")))
    left_queue = aws.client("sqs").create_queue(QueueName="replaced-left-over")["QueueUrl"]
    left_topic = aws.client("sns").create_topic(Name="replaced-left-over")["TopicArn"]

    def leave(latest: dict[str, Any]) -> None:
        for name, left in (("live", left_queue), ("topic", left_topic)):
            (live,) = [r for r in latest["resources"] if r["urn"].endswith(f"::{name}")]
            latest["resources"].append({**live, "id": left, "delete": True})

    rewrite_state(stack, leave)

    said = r"Queue::live: an interrupted update replaced it.*data included.*--data follow"
    with pytest.raises(NotReplayable, match=said) as refused:
        stack.replay().apply(target, "operation-1", "rollback")
    assert "Topic" not in str(refused.value)
    stack.replay().apply(target, "operation-1", "rollback", FOLLOW)

    assert queues(aws, "replaced") == []
    assert len(queues(aws, "live")) == 1
    assert left_topic not in {found["TopicArn"] for found in aws.client("sns").list_topics()["Topics"]}
    stack.must_be(program(queue("live")))
