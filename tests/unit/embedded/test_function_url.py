"""The mappings of https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from rollback_plugin.embedded.lambda_runtime.function_url import (
    MalformedResponse,
    UrlRequest,
    UrlResponse,
    request_event,
    url_response,
)

NOW = datetime(2020, 3, 12, 19, 3, 58, 390_000, tzinfo=UTC)


def event(
    raw_query: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    raw_path: str = "/my/path",
) -> dict[str, Any]:
    request = UrlRequest("POST", raw_path, raw_query, headers, body, "127.0.0.1")
    return request_event(request, "orders-live", "123456789012", "request-1", NOW)


def test_the_event_of_a_request_with_everything() -> None:
    headers = (
        ("Host", "localhost:1"),
        ("Header2", "value1"),
        ("Header2", "value2"),
        ("User-Agent", "agent"),
        ("Cookie", "cookie1=a; cookie2=b"),
        ("Content-Type", "text/plain"),
    )

    assert event("parameter1=value1&parameter1=value2&parameter2=value", headers, b"Hello from client!") == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1=a", "cookie2=b"],
        "headers": {
            "host": "localhost:1",
            "header2": "value1,value2",
            "user-agent": "agent",
            "content-type": "text/plain",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "orders-live",
            "domainName": "localhost:1",
            "domainPrefix": "orders-live",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "agent",
            },
            "requestId": "request-1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1584039838390,
        },
        "body": "Hello from client!",
        "isBase64Encoded": False,
    }


def test_a_bare_request_has_neither_body_nor_query_nor_cookies() -> None:
    assert not {"body", "queryStringParameters", "cookies"} & event().keys()


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b'{"a": 1}', ('{"a": 1}', False)),
        ("application/json; charset=utf-8", b"{}", ("{}", False)),
        ("text/html", b"<p>", ("<p>", False)),
        ("application/octet-stream", b"abc", (base64.b64encode(b"abc").decode(), True)),
        ("text/plain", b"\xff", (base64.b64encode(b"\xff").decode(), True)),
    ],
)
def test_binary_bodies_are_base64(content_type: str, body: bytes, expected: tuple[str, bool]) -> None:
    made = event(headers=(("Content-Type", content_type),), body=body)

    assert (made["body"], made["isBase64Encoded"]) == expected


JSON_TYPE = (("Content-Type", "application/json"),)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Hello, world!", UrlResponse(200, JSON_TYPE, b'"Hello, world!"')),
        ({"message": "Hello"}, UrlResponse(200, JSON_TYPE, b'{"message": "Hello"}')),
        (None, UrlResponse(200, JSON_TYPE, b"null")),
        ([1], UrlResponse(200, JSON_TYPE, b"[1]")),
        ({"statusCode": 204}, UrlResponse(204, JSON_TYPE, b"")),
        ({"statusCode": "404", "body": "no"}, UrlResponse(404, JSON_TYPE, b"no")),
        (
            {
                "statusCode": 201,
                "headers": {"Content-Type": "text/plain", "My-Custom-Header": "Custom Value", "X-Flag": True, "X-N": 3},
                "body": json.dumps({"message": "Hello, world!"}),
                "cookies": ["Cookie_1=Value1; Max-Age=1", "Cookie_2=Value2"],
                "isBase64Encoded": False,
            },
            UrlResponse(
                201,
                (
                    ("Content-Type", "text/plain"),
                    ("My-Custom-Header", "Custom Value"),
                    ("X-Flag", "true"),
                    ("X-N", "3"),
                    ("Set-Cookie", "Cookie_1=Value1; Max-Age=1"),
                    ("Set-Cookie", "Cookie_2=Value2"),
                ),
                b'{"message": "Hello, world!"}',
            ),
        ),
        (
            {"statusCode": 200, "body": base64.b64encode(b"\x00\xff").decode(), "isBase64Encoded": True},
            UrlResponse(200, JSON_TYPE, b"\x00\xff"),
        ),
    ],
)
def test_the_response_for_what_a_function_returned(value: Any, expected: UrlResponse) -> None:
    assert url_response(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": "ok"},
        {"statusCode": 99},
        {"statusCode": True},
        {"statusCode": None},
        {"statusCode": 200, "body": {"not": "a string"}},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "cookies": "a=b"},
    ],
)
def test_a_response_object_of_another_shape_is_malformed(value: Any) -> None:
    with pytest.raises(MalformedResponse):
        url_response(value)
