"""HTTP and WebSocket APIs.

Schemas: terraform-provider-aws, internal/service/apigatewayv2/{api,integration,route,stage}.go.
A part of an API has an id of its own, and `apiId` in its state says where; on import the id is `<API>/<part>`.
"""

from typing import Any

from rollback_plugin.embedded.provider.cloud import Cloud, found, missing_is_fine, saying
from rollback_plugin.embedded.provider.description import Autoname, Change, Kind, Operations, Property, ResourceType
from rollback_plugin.embedded.provider.shapes import properties_of, request_members, tag_changes, with_tags
from rollback_plugin.embedded.provider.values import Properties

_DEFAULT_STAGE = "$default"
_WEBSOCKET = "WEBSOCKET"


def _texts(name: str, api: str) -> Property:
    return Property(name, Kind.SET, api, element=Property(""))


def _flag(name: str, api: str) -> Property:
    return Property(name, Kind.BOOLEAN, api, default=False)


_API = (
    Property("apiKeySelectionExpression", api="ApiKeySelectionExpression", default="$request.header.x-api-key"),
    Property(
        "corsConfiguration",
        Kind.OBJECT,
        "CorsConfiguration",
        fields=(
            Property("allowCredentials", Kind.BOOLEAN, "AllowCredentials"),
            _texts("allowHeaders", "AllowHeaders"),
            _texts("allowMethods", "AllowMethods"),
            _texts("allowOrigins", "AllowOrigins"),
            _texts("exposeHeaders", "ExposeHeaders"),
            Property("maxAge", Kind.INTEGER, "MaxAge"),
        ),
    ),
    Property("description", api="Description"),
    Property("disableExecuteApiEndpoint", Kind.BOOLEAN, "DisableExecuteApiEndpoint"),
    Property("name", api="Name", autoname=Autoname()),
    Property("protocolType", api="ProtocolType", required=True, replaces=True),
    Property("routeSelectionExpression", api="RouteSelectionExpression", default="$request.method $request.path"),
    Property("version", api="Version"),
    Property("apiEndpoint", api="ApiEndpoint", output=True),
    Property("arn", output=True),
    Property("executionArn", output=True),
)


def _api_arn(cloud: Cloud, api: str) -> str:
    return f"arn:aws:apigateway:{cloud.region}::/apis/{api}"


def _execution_arn(cloud: Cloud, api: str) -> str:
    return f"arn:aws:execute-api:{cloud.region}:{cloud.account_id}:{api}"


def _changed_members(described: tuple[Property, ...], change: Change) -> dict[str, Any]:
    """Members for what changed; a text that was taken away is sent as an empty one, as upstream does."""
    removed = {
        each.api: ""
        for each in described
        if each.api and each.kind is Kind.STRING and each.name in change.changed and change.new.get(each.name) is None
    }
    return removed | request_members(described, change.new, change.changed)


def _create_api(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating API Gateway v2 API ({inputs['name']})"):
        answer = cloud.client("apigatewayv2").create_api(
            **request_members(_API, inputs), Tags=inputs.get("tagsAll") or {}
        )
    identifier: str = answer["ApiId"]
    return identifier


def _read_api(cloud: Cloud, api: str, known: Properties) -> Properties | None:
    with saying(f"reading API Gateway v2 API ({api})"):
        answer = found(cloud.client("apigatewayv2").get_api, ApiId=api)
    if answer is None:
        return None
    state = properties_of(_API, answer) | {"arn": _api_arn(cloud, api), "executionArn": _execution_arn(cloud, api)}
    return with_tags(state, answer.get("Tags") or {}, known, cloud.default_tags)


def _update_api(cloud: Cloud, api: str, change: Change) -> None:
    client = cloud.client("apigatewayv2")
    members = _changed_members(_API, change)
    with saying(f"updating API Gateway v2 API ({api})"):
        if change.any_of("corsConfiguration") and change.new.get("corsConfiguration") is None:
            client.delete_cors_configuration(ApiId=api)
        if members:
            client.update_api(ApiId=api, **members)
        changed, removed = tag_changes(change.old, change.new)
        if removed:
            client.untag_resource(ResourceArn=change.old["arn"], TagKeys=removed)
        if changed:
            client.tag_resource(ResourceArn=change.old["arn"], Tags=changed)


def _delete_api(cloud: Cloud, api: str, _state: Properties) -> None:
    with saying(f"deleting API Gateway v2 API ({api})"), missing_is_fine():
        cloud.client("apigatewayv2").delete_api(ApiId=api)


def _part_key(identifier: str, known: Properties) -> tuple[str, str]:
    if known.get("apiId"):
        return known["apiId"], identifier
    api, _, part = identifier.partition("/")
    return api, part


_INTEGRATION = (
    Property("apiId", required=True, replaces=True),
    Property("connectionId", api="ConnectionId"),
    Property("connectionType", api="ConnectionType", default="INTERNET"),
    Property("contentHandlingStrategy", api="ContentHandlingStrategy"),
    Property("credentialsArn", api="CredentialsArn"),
    Property("description", api="Description"),
    # Not computed upstream: its DiffSuppressFunc ignores the POST that AWS sets for Lambda.
    Property("integrationMethod", api="IntegrationMethod", computed=True),
    Property("integrationSubtype", api="IntegrationSubtype", replaces=True),
    Property("integrationType", api="IntegrationType", required=True, replaces=True),
    Property("integrationUri", api="IntegrationUri"),
    # AWS doesn't give it back for HTTP APIs, and the DiffSuppressFunc ignores that.
    Property("passthroughBehavior", api="PassthroughBehavior", default="WHEN_NO_MATCH", readable=False),
    Property("payloadFormatVersion", api="PayloadFormatVersion", default="1.0"),
    Property("requestParameters", Kind.MAP, "RequestParameters", element=Property("")),
    Property("timeoutMilliseconds", Kind.INTEGER, "TimeoutInMillis", computed=True),
    Property("integrationResponseSelectionExpression", api="IntegrationResponseSelectionExpression", output=True),
)


def _create_integration(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating API Gateway v2 Integration ({inputs['apiId']})"):
        answer = cloud.client("apigatewayv2").create_integration(
            ApiId=inputs["apiId"], **request_members(_INTEGRATION, inputs)
        )
    identifier: str = answer["IntegrationId"]
    return identifier


def _read_integration(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    api, integration = _part_key(identifier, known)
    with saying(f"reading API Gateway v2 Integration ({identifier})"):
        answer = found(cloud.client("apigatewayv2").get_integration, ApiId=api, IntegrationId=integration)
    if answer is None:
        return None
    state = properties_of(_INTEGRATION, answer) | {"apiId": api}
    state["passthroughBehavior"] = known.get("passthroughBehavior", state.get("passthroughBehavior", ""))
    return state


def _update_integration(cloud: Cloud, integration: str, change: Change) -> None:
    # The type is always sent, and parameters left out are removed by an empty value (integration.go).
    members = {"IntegrationType": change.new["integrationType"]} | _changed_members(_INTEGRATION, change)
    if change.any_of("requestParameters"):
        members["RequestParameters"] = dict.fromkeys(change.old.get("requestParameters") or {}, "") | (
            change.new.get("requestParameters") or {}
        )
    with saying(f"updating API Gateway v2 Integration ({integration})"):
        cloud.client("apigatewayv2").update_integration(ApiId=change.new["apiId"], IntegrationId=integration, **members)


def _delete_integration(cloud: Cloud, integration: str, state: Properties) -> None:
    with saying(f"deleting API Gateway v2 Integration ({integration})"), missing_is_fine():
        cloud.client("apigatewayv2").delete_integration(ApiId=state["apiId"], IntegrationId=integration)


_ROUTE = (
    Property("apiId", required=True, replaces=True),
    _flag("apiKeyRequired", "ApiKeyRequired"),
    _texts("authorizationScopes", "AuthorizationScopes"),
    Property("authorizationType", api="AuthorizationType", default="NONE"),
    Property("authorizerId", api="AuthorizerId"),
    Property("operationName", api="OperationName"),
    Property("routeKey", api="RouteKey", required=True),
    Property("target", api="Target"),
)


def _create_route(cloud: Cloud, inputs: Properties) -> str:
    with saying(f"creating API Gateway v2 Route ({inputs['routeKey']})"):
        answer = cloud.client("apigatewayv2").create_route(ApiId=inputs["apiId"], **request_members(_ROUTE, inputs))
    identifier: str = answer["RouteId"]
    return identifier


def _read_route(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    api, route = _part_key(identifier, known)
    with saying(f"reading API Gateway v2 Route ({identifier})"):
        answer = found(cloud.client("apigatewayv2").get_route, ApiId=api, RouteId=route)
    return None if answer is None else properties_of(_ROUTE, answer) | {"apiId": api}


def _update_route(cloud: Cloud, route: str, change: Change) -> None:
    with saying(f"updating API Gateway v2 Route ({route})"):
        cloud.client("apigatewayv2").update_route(
            ApiId=change.new["apiId"], RouteId=route, **_changed_members(_ROUTE, change)
        )


def _delete_route(cloud: Cloud, route: str, state: Properties) -> None:
    with saying(f"deleting API Gateway v2 Route ({route})"), missing_is_fine():
        cloud.client("apigatewayv2").delete_route(ApiId=state["apiId"], RouteId=route)


_STAGE = (
    Property(
        "accessLogSettings",
        Kind.OBJECT,
        "AccessLogSettings",
        fields=(
            Property("destinationArn", api="DestinationArn", required=True),
            Property("format", api="Format", required=True),
        ),
    ),
    Property("apiId", required=True, replaces=True),
    _flag("autoDeploy", "AutoDeploy"),
    Property("clientCertificateId", api="ClientCertificateId"),
    # Not computed upstream: SuppressMissingOptionalConfigurationBlock ignores what AWS sets.
    Property(
        "defaultRouteSettings",
        Kind.OBJECT,
        "DefaultRouteSettings",
        fields=(
            _flag("dataTraceEnabled", ""),
            _flag("detailedMetricsEnabled", "DetailedMetricsEnabled"),
            Property("loggingLevel", computed=True),
            Property("throttlingBurstLimit", Kind.INTEGER, "ThrottlingBurstLimit"),
            Property("throttlingRateLimit", Kind.NUMBER, "ThrottlingRateLimit"),
        ),
        computed=True,
    ),
    Property("deploymentId", api="DeploymentId", computed=True),
    Property("description", api="Description"),
    Property("name", api="StageName", replaces=True, autoname=Autoname()),
    Property("stageVariables", Kind.MAP, "StageVariables", element=Property("")),
    Property("arn", output=True),
    Property("executionArn", output=True),
    Property("invokeUrl", output=True),
)


def _create_stage(cloud: Cloud, inputs: Properties) -> str:
    name: str = inputs["name"]
    with saying(f"creating API Gateway v2 Stage ({name})"):
        cloud.client("apigatewayv2").create_stage(
            ApiId=inputs["apiId"], **request_members(_STAGE, inputs), Tags=inputs.get("tagsAll") or {}
        )
    return name


def _read_stage(cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
    client = cloud.client("apigatewayv2")
    api, name = _part_key(identifier, known)
    with saying(f"reading API Gateway v2 Stage ({identifier})"):
        answer = found(client.get_stage, ApiId=api, StageName=name)
        if answer is None:
            return None
        protocol = client.get_api(ApiId=api)["ProtocolType"]
    state = properties_of(_STAGE, answer)
    state["defaultRouteSettings"] = {"dataTraceEnabled": False, "detailedMetricsEnabled": False} | state.get(
        "defaultRouteSettings", {}
    )
    scheme = "wss" if protocol == _WEBSOCKET else "https"
    path = "" if name == _DEFAULT_STAGE else name
    state |= {
        "apiId": api,
        "arn": f"{_api_arn(cloud, api)}/stages/{name}",
        "executionArn": f"{_execution_arn(cloud, api)}/{name}",
        "invokeUrl": f"{scheme}://{api}.execute-api.{cloud.region}.amazonaws.com/{path}",
        "deploymentId": state.get("deploymentId", ""),
    }
    return with_tags(state, answer.get("Tags") or {}, known, cloud.default_tags)


def _update_stage(cloud: Cloud, name: str, change: Change) -> None:
    """Made anew under its name: moto has no UpdateStage."""
    with saying(f"updating API Gateway v2 Stage ({name})"):
        cloud.client("apigatewayv2").delete_stage(ApiId=change.new["apiId"], StageName=name)
    _create_stage(cloud, change.new)


def _delete_stage(cloud: Cloud, name: str, state: Properties) -> None:
    with saying(f"deleting API Gateway v2 Stage ({name})"), missing_is_fine():
        cloud.client("apigatewayv2").delete_stage(ApiId=state["apiId"], StageName=name)


RESOURCE_TYPES = (
    ResourceType(
        "aws:apigatewayv2/api:Api",
        "API Gateway v2 API",
        _API,
        Operations(_create_api, _read_api, _update_api, _delete_api),
        tagged=True,
    ),
    ResourceType(
        "aws:apigatewayv2/integration:Integration",
        "API Gateway v2 Integration",
        _INTEGRATION,
        Operations(_create_integration, _read_integration, _update_integration, _delete_integration),
    ),
    ResourceType(
        "aws:apigatewayv2/route:Route",
        "API Gateway v2 Route",
        _ROUTE,
        Operations(_create_route, _read_route, _update_route, _delete_route),
    ),
    ResourceType(
        "aws:apigatewayv2/stage:Stage",
        "API Gateway v2 Stage",
        _STAGE,
        Operations(_create_stage, _read_stage, _update_stage, _delete_stage),
        tagged=True,
    ),
)
