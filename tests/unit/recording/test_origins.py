"""Where values come from is seen while a program runs, on the SDK itself; only the engine is a stand-in."""

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import settings
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.stack import register_stack_transformation, run_pulumi_func

from rollback_plugin.recording.origins import Origins
from rollback_plugin.recording.program_end import before_the_end
from rollback_plugin.versions.links import Origin, ProgramLinks, ResourceLinks


class Answers(Mocks):
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", {"arn": f"arn:{args.name}", **args.inputs}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"These programs ask AWS nothing, and this one called {args.token}.")


class Monitor(MockMonitor):
    """Knows the call at a program's end."""

    def __init__(self) -> None:
        super().__init__(Answers())
        self.ends: list[str] = []

    def SignalAndWaitForShutdown(self, request: object) -> None:  # noqa: N802 (the RPC's name)
        self.ends.append("told")


def seen(
    program: Callable[[], object], before_the_links: Callable[[], None] = lambda: None
) -> tuple[ProgramLinks, list[str]]:
    """What is seen of a program, and what happened at its end."""
    monitor = Monitor()
    found: list[ProgramLinks] = []

    def tracked() -> None:
        failures = list[Exception]()
        origins, loop, root = Origins(failures.append), asyncio.get_running_loop(), settings.get_root_resource()
        assert root is not None
        register_stack_transformation(origins.transformation)

        def at_the_end() -> None:
            monitor.ends.append("kept")
            before_the_links()
            links = origins.links(root, getattr(root, "outputs", {}))
            found.append(asyncio.run_coroutine_threadsafe(links, loop).result())
            assert failures == []

        before_the_end(monitor, at_the_end)  # type: ignore[arg-type]
        program()

    def run() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            pulumi.runtime.set_mocks(monitor.mocks, project="shop", stack="dev", monitor=monitor)
            loop.run_until_complete(run_pulumi_func(tracked))
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    contextvars.copy_context().run(run)
    return found[0], monitor.ends


def of(links: ProgramLinks, name: str) -> ResourceLinks:
    (urn,) = [urn for urn in links.resources if urn.endswith(f"::{name}")]
    return links.resources[urn]


def told(origins: Mapping[str, tuple[Origin, ...]] | None, links: ProgramLinks) -> dict[str, list[tuple[Any, ...]]]:
    """Path, source, its output and dependencies, by property; resources by name."""
    return {
        name: [
            (
                *origin.path,
                links.source_of(origin).rpartition("::")[2],
                origin.output,
                sorted(urn.rpartition("::")[2] for urn in links.urns_of(origin)),
            )
            for origin in inside
        ]
        for name, inside in (origins or {}).items()
    }


def test_an_output_is_known_by_its_resource_and_attribute_at_any_depth() -> None:
    def program() -> None:
        first, second = aws.sqs.Queue("first"), aws.sqs.Queue("second")
        aws.sns.Topic(
            "events",
            name=first.name,
            display_name="literal",
            tags={"a": first.arn, "b": second.arn, "c": "literal"},
            archive_policy=pulumi.Output.concat(first.arn, second.arn),
            signature_version=first.visibility_timeout_seconds,
        )

    links, _ = seen(program)

    assert told(of(links, "events").inputs, links) == {
        "name": [("first", "name", ["first"])],
        "tags": [("a", "first", "arn", ["first"]), ("b", "second", "arn", ["second"])],
        "archive_policy": [("", "", ["first", "second"])],
        "signature_version": [("first", "visibility_timeout_seconds", ["first"])],
    }
    assert of(links, "first") == ResourceLinks(inputs={})


def test_arguments_of_typed_objects_are_looked_into() -> None:
    def program() -> None:
        topic = aws.sns.Topic("events")
        aws.dynamodb.Table(
            "table",
            attributes=[aws.dynamodb.TableAttributeArgs(name="id", type="S")],
            server_side_encryption=aws.dynamodb.TableServerSideEncryptionArgs(enabled=True, kms_key_arn=topic.arn),
        )

    links, _ = seen(program)

    table = of(links, "table")
    assert told(table.inputs, links) == {"server_side_encryption": [("kms_key_arn", "events", "arn", ["events"])]}


def test_stack_outputs_are_seen_as_they_are_exported_literals_too() -> None:
    def program() -> None:
        first = aws.sqs.Queue("first")
        pulumi.export("url", first.id)
        pulumi.export("literal", "1")
        pulumi.export("nested", {"a": [first.arn, "x", first.arn.apply(str.upper)]})
        pulumi.export("whole", first)

    links, _ = seen(program)

    exported = told(of(links, "shop-dev").outputs, links)
    assert exported["url"] == [("first", "id", ["first"])]
    assert exported["literal"] == []
    assert exported["nested"] == [("a", 0, "first", "arn", ["first"]), ("a", 2, "", "", ["first"])]
    assert ("arn", "first", "arn", ["first"]) in exported["whole"]


def test_a_components_attributes_stand_for_its_outputs() -> None:
    class Shop(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("shop:index:Shop", "shop")
            self.queue = aws.sqs.Queue("jobs", opts=pulumi.ResourceOptions(parent=self))
            self.arn = self.queue.arn
            self.register_outputs({"arn": self.arn})

    links, _ = seen(Shop)

    assert told(of(links, "shop").outputs, links) == {"arn": [("jobs", "arn", ["jobs"])]}


def test_a_resource_handed_over_as_a_whole_is_a_dependency() -> None:
    class Shop(pulumi.ComponentResource):
        def __init__(self, queue: aws.sqs.Queue) -> None:
            super().__init__("shop:index:Shop", "shop", {"queue": queue})

    links, _ = seen(lambda: Shop(aws.sqs.Queue("jobs")))

    assert told(of(links, "shop").inputs, links) == {"queue": [("", "", ["jobs"])]}


def test_values_are_not_kept() -> None:
    def program() -> None:
        password = pulumi.Output.secret("hunter2")
        aws.sns.Topic("events", display_name=password, tags={"plain": "hunter2"})
        pulumi.export("password", password)

    links, _ = seen(program)

    assert b"hunter2" not in links.document


def test_the_same_program_gives_the_same_record() -> None:
    def program() -> None:
        queues = [aws.sqs.Queue(f"queue-{n}") for n in range(5)]
        aws.sns.Topic("events", display_name=pulumi.Output.all(*[queue.arn for queue in queues]).apply("".join))

    assert seen(program)[0].document == seen(program)[0].document


def test_a_resource_that_never_came_to_be_is_left_out() -> None:
    def program() -> None:
        with pytest.raises(Exception, match="Cannot read an existing resource"):
            pulumi.ComponentResource("shop:index:Shop", "never", opts=pulumi.ResourceOptions(id="only-resources"))
        aws.sqs.Queue("first")

    links, _ = seen(program)

    assert sorted(urn.rpartition("::")[2] for urn in links.resources) == ["first", "shop-dev"]


def test_a_registered_resource_is_let_go() -> None:
    """As it would be without us: what is alive, Python's garbage collector goes through again and again."""
    made: list[weakref.ref[pulumi.Resource]] = []

    def program() -> None:
        first = aws.sqs.Queue("first")
        made.extend([weakref.ref(first), weakref.ref(aws.sqs.Queue("second", name=first.name))])

    alive: list[bool] = []

    def before_the_links() -> None:
        gc.collect()
        alive.extend(resource() is not None for resource in made)

    links, _ = seen(program, before_the_links)

    assert alive == [False, False]
    assert told(of(links, "second").inputs, links) == {"name": [("first", "name", ["first"])]}


def test_it_is_kept_before_the_engine_is_told_of_the_end() -> None:
    _, ends = seen(lambda: None)

    assert ends == ["kept", "told"]


def test_a_program_that_fails_leaves_nothing() -> None:
    def program() -> None:
        raise pulumi.RunError("the program's own")

    with pytest.raises(pulumi.RunError, match="the program's own"):
        seen(program)


def test_what_goes_wrong_once_a_resource_is_registered_is_raised_at_the_end() -> None:
    async def run() -> None:
        origins = Origins(lambda failure: None)
        never_resolved = SimpleNamespace(urn=SimpleNamespace(future=asyncio.Queue().get_nowait))
        origins.transformation(SimpleNamespace(resource=never_resolved, props={}))  # type: ignore[arg-type]
        await origins.links(SimpleNamespace(), {})  # type: ignore[arg-type]

    with pytest.raises(asyncio.QueueEmpty):
        asyncio.run(run())


def test_what_goes_wrong_while_looking_is_told_and_fails_nothing() -> None:
    failures = list[Exception]()

    Origins(failures.append).transformation(None)  # type: ignore[arg-type]

    assert [type(failure) for failure in failures] == [AttributeError]
