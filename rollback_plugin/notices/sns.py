"""Notices through an SNS topic, standard or FIFO."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.errors import CloudError, CloudUnreachable, DeliveryDelayed, DeliveryFailed
from rollback_plugin.notices.notice import Notice
from rollback_plugin.notices.words import as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import PublishInputTypeDef

SUBJECT_CHARACTERS = 100
"""A subject is shorter than that, ASCII and on one line
(https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)."""


@dataclass(frozen=True)
class SnsTopic:
    """People who subscribed by mail or phone get words, programs get JSON (`MessageStructure`).

    Attributes `stack`, `happened` and `reason` are for filter policies. On a FIFO topic a stack is a group, and the
    notice's id is the deduplication id, which holds for five minutes (sns-fifo-topics in the SNS guide).
    """

    arn: str
    client: Callable[[], SNSClient]

    @property
    def kind(self) -> str:
        return "sns"

    @property
    def id(self) -> str:
        return self.arn.replace(":", "-")

    @property
    def name(self) -> str:
        return self.arn

    def send(self, notice: Notice) -> None:
        request = self._request(notice)
        try:
            with cloud_errors(f"publish to the topic {self.arn}"):
                self.client().publish(**request)
        except CloudUnreachable as error:
            raise DeliveryDelayed(str(error)) from error
        except CloudError as error:
            # Throttles and the like were tried again by the client itself.
            raise DeliveryFailed(str(error)) from error

    def _request(self, notice: Notice) -> PublishInputTypeDef:
        text, facts = as_text(notice), json.dumps(notice.facts())
        attributes = {"stack": str(notice.stack), "happened": notice.happened.value, "reason": notice.reason}
        request: PublishInputTypeDef = {
            "TopicArn": self.arn,
            "Subject": _subject(notice),
            "Message": json.dumps(
                {"default": text, **dict.fromkeys(("sqs", "lambda", "http", "https", "firehose"), facts)}
            ),
            "MessageStructure": "json",
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        }
        if self.arn.endswith(".fifo"):
            request["MessageGroupId"] = _token(str(notice.stack))
            request["MessageDeduplicationId"] = _token(notice.id)
        return request


def _subject(notice: Notice) -> str:
    ascii_only = " ".join(notice.headline.encode("ascii", "replace").decode().split())
    return ascii_only if len(ascii_only) < SUBJECT_CHARACTERS else ascii_only[: SUBJECT_CHARACTERS - 4] + "..."


def _token(text: str) -> str:
    """At most 128 letters, digits and punctuation; a name that is longer keeps its end, where it differs."""
    return text.encode("ascii", "replace").decode()[-128:]
