import threading
from collections import Counter
from itertools import pairwise

import httpx
import pytest
from botocore.exceptions import ClientError

from rollback_plugin.embedded import EmbeddedAws
from tests.embedded_aws.functions import deploy, log_messages, package, publish, wait_for

pytestmark = pytest.mark.embedded

CONSUMERS = 4


def saying(text: str) -> str:
    """Code that answers with this text, an environment variable and its version."""
    return f"""
        import os
        def handler(event, context):
            return {{"statusCode": 200, "body": "{text}" + os.environ.get("GREETING", "") + context.function_version}}
    """


class Consumer:
    """Sends requests one after the other until told to stop, and writes down each answer."""

    def __init__(self, url: str) -> None:
        self.answers: list[tuple[int, str, str]] = []
        self.failures: list[str] = []
        self._url = url
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(trust_env=False, timeout=30) as http:
            while not self._stopping.is_set():
                try:
                    answer = http.get(self._url)
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))
                    continue
                self.answers.append((answer.status_code, answer.headers["X-Amz-Executed-Version"], answer.text))


def test_moving_an_alias_under_load_fails_no_request_and_takes_effect_with_the_next(aws: EmbeddedAws) -> None:
    url = deploy(aws, "moved", saying("old "))
    assert publish(aws, "moved", saying("new ")) == "2"
    functions = aws.client("lambda")
    consumers = [Consumer(url) for _ in range(CONSUMERS)]
    try:
        for version in ("2", "1", "2"):
            before = [len(consumer.answers) for consumer in consumers]
            _wait_until_each_got_more(consumers, before)
            functions.update_alias(FunctionName="moved", Name="live", FunctionVersion=version)
            assert httpx.get(url, trust_env=False).headers["X-Amz-Executed-Version"] == version
        _wait_until_each_got_more(consumers, [len(consumer.answers) for consumer in consumers])
    finally:
        for consumer in consumers:
            consumer.stop()

    assert [consumer.failures for consumer in consumers] == [[]] * CONSUMERS
    answers = Counter(answer for consumer in consumers for answer in consumer.answers)
    assert set(answers) == {(200, "1", "old 1"), (200, "2", "new 2")}
    for consumer in consumers:
        versions = [version for _, version, _ in consumer.answers]
        changes = [after for before, after in pairwise(versions) if before != after]
        assert changes == ["2", "1", "2"]


def _wait_until_each_got_more(consumers: list[Consumer], before: list[int]) -> None:
    wait_for(
        lambda: all(len(consumer.answers) > count + 20 for consumer, count in zip(consumers, before, strict=True)),
        "20 more answers for each consumer",
    )


def test_functions_can_be_made_while_others_log(aws: EmbeddedAws) -> None:
    talking = deploy(aws, "talking", "def handler(event, context):\n    for line in range(500):\n        print(line)")
    consumers = [Consumer(talking) for _ in range(CONSUMERS)]
    try:
        _wait_until_each_got_more(consumers, [0] * CONSUMERS)
        for number in range(10):
            # A failure inside would make boto3 try again, and that would find the function there already.
            deploy(aws, f"made-meanwhile-{number}", saying("made "))
    finally:
        for consumer in consumers:
            consumer.stop()


def test_a_request_under_way_finishes_on_the_version_it_began_on(aws: EmbeddedAws) -> None:
    slow = """
        import time
        def handler(event, context):
            print("begun")
            time.sleep(2)
            return "slow"
    """
    url = deploy(aws, "under-way", slow)
    publish(aws, "under-way", "def handler(event, context): return 'fast'")
    answers: list[httpx.Response] = []
    request = threading.Thread(target=lambda: answers.append(httpx.get(url, trust_env=False, timeout=30)))
    request.start()
    wait_for(lambda: "begun" in log_messages(aws, "under-way"), "the slow invocation")

    aws.client("lambda").update_alias(FunctionName="under-way", Name="live", FunctionVersion="2")
    assert httpx.get(url, trust_env=False).json() == "fast"
    assert answers == []
    request.join()

    assert (answers[0].json(), answers[0].headers["X-Amz-Executed-Version"]) == ("slow", "1")


def test_published_versions_keep_their_code_environment_and_timeout(aws: EmbeddedAws) -> None:
    deploy(aws, "kept", saying("one "), timeout_seconds=7, environment={"GREETING": "a "})
    functions = aws.client("lambda")
    functions.update_function_code(FunctionName="kept", ZipFile=package(saying("two ")))
    functions.update_function_configuration(
        FunctionName="kept", Environment={"Variables": {"GREETING": "b "}}, Timeout=9
    )
    assert functions.publish_version(FunctionName="kept")["Version"] == "2"
    functions.update_function_code(FunctionName="kept", ZipFile=package(saying("three ")))

    said = [httpx.get(aws.function_url("kept", qualifier), trust_env=False).text for qualifier in ("1", "2", "$LATEST")]
    timeouts = [
        functions.get_function_configuration(FunctionName="kept", Qualifier=qualifier)["Timeout"]
        for qualifier in ("1", "2", "$LATEST")
    ]

    assert said == ["one a 1", "two b 2", "three b $LATEST"]
    assert timeouts == [7, 9, 9]


def test_a_weighted_alias_shares_requests_out_between_its_versions(aws: EmbeddedAws) -> None:
    url = deploy(aws, "shared-out", saying("old "))
    publish(aws, "shared-out", saying("new "))
    functions = aws.client("lambda")
    functions.update_alias(
        FunctionName="shared-out", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}
    )
    with httpx.Client(trust_env=False) as http:
        shares = Counter(http.get(url).headers["X-Amz-Executed-Version"] for _ in range(200))
    # Outside of these bounds once in more than 10^9 runs.
    assert set(shares) == {"1", "2"}
    assert 55 < shares["2"] < 145

    functions.update_alias(FunctionName="shared-out", Name="live", FunctionVersion="2", RoutingConfig={})

    with httpx.Client(trust_env=False) as http:
        assert {http.get(url).headers["X-Amz-Executed-Version"] for _ in range(20)} == {"2"}


def test_version_numbers_are_never_used_again(aws: EmbeddedAws) -> None:
    deploy(aws, "numbered", saying("one "))
    assert publish(aws, "numbered", saying("two ")) == "2"
    functions = aws.client("lambda")
    functions.delete_function(FunctionName="numbered", Qualifier="2")

    assert publish(aws, "numbered", saying("three ")) == "3"
    assert httpx.get(aws.function_url("numbered", "3"), trust_env=False).text == "three 3"
    assert httpx.get(aws.function_url("numbered", "2"), trust_env=False).status_code == 404
    assert httpx.get(aws.function_url("numbered", "1"), trust_env=False).text == "one 1"


def test_a_version_an_alias_points_to_cannot_be_deleted(aws: EmbeddedAws) -> None:
    url = deploy(aws, "pointed-to", saying("one "))

    with pytest.raises(ClientError) as refused:
        aws.client("lambda").delete_function(FunctionName="pointed-to", Qualifier="1")

    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"
    assert httpx.get(url, trust_env=False).text == "one 1"


def test_a_function_made_again_under_the_same_name_runs_its_own_code(aws: EmbeddedAws) -> None:
    url = deploy(aws, "made-again", saying("first "))
    assert httpx.get(url, trust_env=False).text == "first 1"
    aws.client("lambda").delete_function(FunctionName="made-again")
    assert httpx.get(url, trust_env=False).status_code == 404
    aws.client("iam").delete_role(RoleName="made-again-role")

    deploy(aws, "made-again", saying("second "))

    assert httpx.get(url, trust_env=False).text == "second 1"
