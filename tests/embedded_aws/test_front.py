import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError

from rollback_plugin.embedded import EmbeddedAws
from tests.embedded_aws.functions import deploy, log_messages, wait_for

pytestmark = pytest.mark.embedded

ECHO = """
    def handler(event, context):
        return event
"""


@pytest.fixture(scope="module")
def url(aws: EmbeddedAws) -> str:
    return deploy(aws, "echo", ECHO)


def test_the_function_gets_the_request_as_an_event(url: str) -> None:
    answer = httpx.put(f"{url}/orders/7%20x?a=1&a=2", content=b'{"n": 1}', headers={"X-One": "1"}, trust_env=False)

    event = answer.json()
    assert (event["rawPath"], event["rawQueryString"]) == ("/orders/7%20x", "a=1&a=2")
    assert event["requestContext"]["http"]["method"] == "PUT"
    assert event["headers"]["x-one"] == "1"
    assert event["body"] == '{"n": 1}'
    assert event["requestContext"]["requestId"] == answer.headers["X-Amzn-RequestId"]


def test_a_body_sent_in_chunks_arrives_whole(url: str) -> None:
    answer = httpx.post(url, content=iter([b"one ", b"two"]), trust_env=False)

    assert answer.json()["body"] == "one two"


def test_head_has_headers_only_and_the_connection_stays_usable(url: str) -> None:
    with httpx.Client(trust_env=False) as http:
        head = http.head(url)
        assert (head.status_code, head.content) == (200, b"")
        assert http.get(url).status_code == 200


def test_many_requests_share_one_connection(url: str) -> None:
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=30) as connection:
        reader = connection.makefile("rb")
        for _ in range(50):
            connection.sendall(request)
            assert reader.readline() == b"HTTP/1.1 200 OK\r\n"
            headers = dict(line.decode().strip().split(": ", 1) for line in iter(reader.readline, b"\r\n"))
            assert len(reader.read(int(headers["Content-Length"]))) > 0


def test_more_requests_at_once_than_workers_are_all_answered(aws: EmbeddedAws) -> None:
    slow = """
        import time
        def handler(event, context):
            time.sleep(0.05)
            return event["rawPath"]
    """
    slow_url = deploy(aws, "many-at-once", slow)
    with httpx.Client(trust_env=False, timeout=30) as http, ThreadPoolExecutor(32) as consumers:
        answers = list(consumers.map(lambda number: http.get(f"{slow_url}/{number}").json(), range(100)))

    assert answers == [f"/{number}" for number in range(100)]


@pytest.mark.parametrize("path", ["/no-such-function/live/", "/echo/no-such-alias", "/echo/99", "/echo", "/"])
def test_unknown_functions_aliases_and_versions_are_404(aws: EmbeddedAws, url: str, path: str) -> None:
    assert httpx.get(aws.lambda_url + path, trust_env=False).status_code == 404


def test_invoke_on_the_front_and_on_the_endpoint_are_the_same_api(aws: EmbeddedAws, url: str) -> None:
    front = httpx.post(
        f"{aws.lambda_url}/2015-03-31/functions/echo/invocations",
        params={"Qualifier": "live"},
        json={"n": 1},
        trust_env=False,
    )
    endpoint = aws.client("lambda").invoke(FunctionName="echo", Qualifier="live", Payload=json.dumps({"n": 1}))

    assert (front.status_code, front.json(), front.headers["X-Amz-Executed-Version"]) == (200, {"n": 1}, "1")
    assert (endpoint["StatusCode"], json.load(endpoint["Payload"]), endpoint["ExecutedVersion"]) == (200, {"n": 1}, "1")


def test_invoke_reports_a_function_error_with_status_200(aws: EmbeddedAws) -> None:
    deploy(aws, "raising", "def handler(event, context): raise ValueError('no')")

    answer = aws.client("lambda").invoke(FunctionName="raising", Qualifier="live")

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.load(answer["Payload"])["errorType"] == "ValueError"


def test_invoke_with_an_arn_or_without_a_qualifier(aws: EmbeddedAws, url: str) -> None:
    functions = aws.client("lambda")
    arn = functions.get_alias(FunctionName="echo", Name="live")["AliasArn"]

    assert functions.invoke(FunctionName=arn)["ExecutedVersion"] == "1"
    assert functions.invoke(FunctionName="echo")["ExecutedVersion"] == "$LATEST"


def test_invoke_of_an_unknown_function_is_the_documented_error(aws: EmbeddedAws) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("lambda").invoke(FunctionName="nobody")

    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_an_event_invocation_runs_after_the_answer(aws: EmbeddedAws) -> None:
    deploy(aws, "afterwards", "def handler(event, context): print('ran with', event['n'])")

    answer = aws.client("lambda").invoke(
        FunctionName="afterwards", Qualifier="live", InvocationType="Event", Payload=json.dumps({"n": 5})
    )

    assert answer["StatusCode"] == 202
    wait_for(lambda: "ran with 5" in log_messages(aws, "afterwards"), "the function's log")


def test_a_queue_and_a_topic_run_their_function(aws: EmbeddedAws) -> None:
    deploy(
        aws,
        "fed",
        "def handler(event, context): print('fed by', sorted(event['Records'][0])[-1], len(event['Records']))",
    )
    arn = f"arn:aws:lambda:{aws.region}:123456789012:function:fed"
    queue = aws.client("sqs").create_queue(QueueName="feeding")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{aws.region}:123456789012:feeding"
    aws.client("lambda").create_event_source_mapping(FunctionName="fed", EventSourceArn=queue_arn)
    topic = aws.client("sns").create_topic(Name="feeding")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)

    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="one")
    aws.client("sns").publish(TopicArn=topic, Message="two")

    wait_for(lambda: "fed by receiptHandle 1" in log_messages(aws, "fed"), "the invocation by the queue")
    wait_for(lambda: "fed by Sns 1" in log_messages(aws, "fed"), "the invocation by the topic")
    assert "Messages" not in aws.client("sqs").receive_message(QueueUrl=queue)
