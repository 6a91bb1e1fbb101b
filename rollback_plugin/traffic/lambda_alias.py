"""Consumers of a Lambda function are moved by moving the alias that they call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import stamina

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.errors import CloudError
from rollback_plugin.traffic.interface import TrafficMove, TrafficStayed
from rollback_plugin.versions.service import LambdaTraffic, Service

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import AliasConfigurationResponseTypeDef

ATTEMPTS = 5
"""How often a move is tried while others change the alias at the same moment."""


class _AliasChanged(Exception):
    """The alias is no longer what was read."""


@dataclass(frozen=True)
class LambdaAliasRouter:
    """A `TrafficRouter` for services with `LambdaTraffic`.

    Weights left by a canary are cleared with the move. `RevisionId` makes Lambda refuse (PreconditionFailedException)
    when somebody else changed the alias since it was read; it is then read again
    (https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html).
    """

    client_for: Callable[[str], LambdaClient]
    """A Lambda client for a region."""

    def current(self, service: Service) -> str | None:
        traffic = _traffic_of(service)
        with cloud_errors(f"read the alias `{traffic.function}:{traffic.alias}`"):
            alias = self.client_for(traffic.region).get_alias(FunctionName=traffic.function, Name=traffic.alias)
        return None if _weights(alias) else alias["FunctionVersion"]

    def shift(self, service: Service, to: str) -> TrafficMove | TrafficStayed:
        traffic = _traffic_of(service)
        client = self.client_for(traffic.region)
        try:
            with cloud_errors(f"move the alias `{traffic.function}:{traffic.alias}` to function version {to}"):
                return _shift(client, service.name, traffic, to)
        except _AliasChanged as error:
            raise CloudError(
                f"The alias `{traffic.function}:{traffic.alias}` was changed by somebody else in each of {ATTEMPTS} "
                f"attempts to move it to function version {to}. See what else updates it, then try again."
            ) from error


@stamina.retry(on=_AliasChanged, attempts=ATTEMPTS, timeout=None, wait_initial=0.05)
def _shift(client: LambdaClient, service: str, traffic: LambdaTraffic, to: str) -> TrafficMove | TrafficStayed:
    try:
        alias = client.get_alias(FunctionName=traffic.function, Name=traffic.alias)
    except client.exceptions.ResourceNotFoundException:
        return TrafficStayed(service, f"The alias `{traffic.function}:{traffic.alias}` no longer exists.")
    before = alias["FunctionVersion"]
    if before == to and not _weights(alias):
        return TrafficMove(service, before, to)
    try:
        client.update_alias(
            FunctionName=traffic.function,
            Name=traffic.alias,
            FunctionVersion=to,
            RoutingConfig={"AdditionalVersionWeights": {}},
            RevisionId=alias["RevisionId"],
        )
    except client.exceptions.ResourceNotFoundException:
        return TrafficStayed(service, f"Function version {to} of `{traffic.function}` no longer exists.")
    except client.exceptions.PreconditionFailedException as error:
        raise _AliasChanged from error
    return TrafficMove(service, before, to)


def _weights(alias: AliasConfigurationResponseTypeDef) -> dict[str, float]:
    return dict(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))


def _traffic_of(service: Service) -> LambdaTraffic:
    if service.traffic is None:
        raise ValueError(f"service {service.name} has no traffic that could be moved")
    return service.traffic
