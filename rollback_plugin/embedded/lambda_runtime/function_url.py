"""From an HTTP request to a function URL's event, and from a function's answer to an HTTP response.

Both mappings, payload format 2.0: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

_TEXT_TYPES = ("application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class UrlRequest:
    """An HTTP request as it reached the function's URL. `raw_path` starts with "/"; `headers` are as sent."""

    method: str
    raw_path: str
    raw_query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str


@dataclass(frozen=True)
class UrlResponse:
    """What the caller gets; `headers` may repeat a name (Set-Cookie)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class MalformedResponse(ValueError):
    """The function's answer has a statusCode, but is not the documented response object."""


def request_event(request: UrlRequest, url_id: str, account_id: str, request_id: str, now: datetime) -> dict[str, Any]:
    """The event a function gets for an unauthenticated request to its URL."""
    headers = _combined_headers(request.headers)
    cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
    body, is_base64_encoded = _event_body(request.body, headers.get("content-type", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.raw_path,
        "rawQueryString": request.raw_query,
        "headers": headers,
        "requestContext": {
            "accountId": account_id,
            "apiId": url_id,
            "domainName": headers.get("host", ""),
            "domainPrefix": url_id,
            "http": {
                "method": request.method,
                "path": request.raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": is_base64_encoded,
    }
    if cookies:
        event["cookies"] = cookies
    if request.raw_query:
        event["queryStringParameters"] = _combined_query(request.raw_query)
    if body is not None:
        event["body"] = body
    return event


def url_response(value: Any) -> UrlResponse:
    """The HTTP response for what the function returned.

    Raises MalformedResponse for a response object whose parts have other types than documented.
    """
    if not isinstance(value, dict) or "statusCode" not in value:
        return UrlResponse(200, (("Content-Type", "application/json"),), json.dumps(value).encode())
    status = value["statusCode"]
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise MalformedResponse(f"statusCode is {value['statusCode']!r}, not an HTTP status")
    headers = value.get("headers") or {}
    cookies = value.get("cookies") or []
    if not isinstance(headers, Mapping) or not isinstance(cookies, list):
        raise MalformedResponse("headers must be an object and cookies a list")
    sent = [(str(name), _header_value(header)) for name, header in headers.items()]
    if not any(name.lower() == "content-type" for name, _ in sent):
        sent.append(("Content-Type", "application/json"))
    sent += [("Set-Cookie", str(cookie)) for cookie in cookies]
    return UrlResponse(status, tuple(sent), _response_body(value))


def _response_body(value: Mapping[str, Any]) -> bytes:
    body = value.get("body") or ""
    if not isinstance(body, str):
        raise MalformedResponse(f"body is a {type(body).__name__}, not a string")
    if not value.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as cause:
        raise MalformedResponse("isBase64Encoded is true and body is not base64") from cause


def _header_value(header: Any) -> str:
    if isinstance(header, bool):
        return "true" if header else "false"
    return str(header)


def _combined_headers(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    combined: dict[str, str] = {}
    for name, value in headers:
        name = name.lower()
        combined[name] = f"{combined[name]},{value}" if name in combined else value
    return combined


def _combined_query(raw_query: str) -> dict[str, str]:
    combined: dict[str, str] = {}
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        combined[name] = f"{combined[name]},{value}" if name in combined else value
    return combined


def _event_body(body: bytes, content_type: str) -> tuple[str | None, bool]:
    if not body:
        return None, False
    media_type = content_type.partition(";")[0].strip().lower()
    if not media_type or media_type.startswith("text/") or media_type in _TEXT_TYPES:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            return base64.b64encode(body).decode(), True
    return base64.b64encode(body).decode(), True
