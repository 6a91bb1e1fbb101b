"""Lambda functions as moto keeps them, with three of Lambda's rules that moto leaves out.

- Invoke runs the function (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html), and so do queues, topics and
  streams moto feeds functions from; moto does that while it takes the message, and once.
- Version numbers are never used twice: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html. moto
  counts the versions that exist, so after a deletion it would give the number of a living version away again.
- A version that an alias points to can't be deleted:
  https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html
"""

import json
import random
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaAlias, LambdaFunction, LambdaStorage
from moto.awslambda.responses import LambdaResponse
from moto.awslambda_simple.models import LambdaSimpleBackend, lambda_simple_backends
from moto.core.base_backend import BaseBackend
from moto.core.config import default_user_config

from rollback_plugin.embedded.lambda_runtime import invoke_api
from rollback_plugin.embedded.lambda_runtime.deployed_version import DeployedVersion
from rollback_plugin.embedded.lambda_runtime.routing import choose_version
from rollback_plugin.embedded.lambda_runtime.runtime import LambdaRuntime

LATEST = "$LATEST"


class MotoFunctionDirectory:
    """Looks functions up in moto's state, at each request, so that UpdateAlias takes effect with the next one."""

    def __init__(self, account_id: str, region: str, draw: Callable[[], float] = random.random) -> None:
        self._account_id = account_id
        self._region = region
        self._draw = draw

    def resolve(self, function_name: str, qualifier: str | None) -> DeployedVersion | None:
        storage: LambdaStorage = lambda_simple_backends[self._account_id][self._region]._lambdas
        if function_name.startswith("arn:"):
            _, function_name, arn_qualifier = storage.split_function_arn(function_name)
            qualifier = arn_qualifier or qualifier
        elif ":" in function_name:
            function_name, _, qualifier = function_name.partition(":")
        functions = storage._functions.get(function_name)
        if functions is None:
            return None
        version, through_alias = qualifier or LATEST, False
        unqualified_arn = f"arn:aws:lambda:{self._region}:{self._account_id}:function:{function_name}"
        alias: LambdaAlias | None = storage._aliases.get(unqualified_arn, {}).get(version)
        if alias is not None:
            version = choose_version(alias.function_version, _additional_weights(alias), self._draw())
            through_alias = True
        function: LambdaFunction | None = (
            functions["latest"] if version.upper() == LATEST else storage._get_version(function_name, version)
        )
        if function is None:
            return None
        return _deployed(function, unqualified_arn, qualifier, through_alias)


def _additional_weights(alias: LambdaAlias) -> Mapping[str, float]:
    routing: Any = alias.routing_config  # a dict; moto annotates it as a string
    weights: Mapping[str, float] = (routing or {}).get("AdditionalVersionWeights") or {}
    return weights


def _deployed(
    function: LambdaFunction, unqualified_arn: str, qualifier: str | None, through_alias: bool
) -> DeployedVersion:
    return DeployedVersion(
        function_name=function.function_name,
        version=str(function.version),
        resource=f"{function.function_name}:{qualifier}" if qualifier else function.function_name,
        through_alias=through_alias,
        invoked_function_arn=f"{unqualified_arn}:{qualifier}" if qualifier else unqualified_arn,
        runtime=function.run_time,
        handler=function.handler,
        code=getattr(function, "code_bytes", b""),
        code_sha256=function.code_sha_256,
        layers=tuple(layer["Arn"] for layer in function.layers),
        environment=function.environment_vars,
        timeout_seconds=float(function.timeout),
        memory_megabytes=int(function.memory_size),
    )


class _ResourceConflict(LambdaClientError):
    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


def install(runtime: LambdaRuntime) -> None:
    """Make this process' moto run functions with `runtime`, without Docker."""
    default_user_config["lambda"] = {"use_docker": False}
    _run_functions_on_invoke(runtime)
    _never_reuse_version_numbers()
    _keep_versions_that_aliases_point_to()
    _copy_functions_without_their_backends()


def _copy_functions_without_their_backends() -> None:
    """moto publishes a version by a deep copy of the function, and with it of the whole logs backend: that takes the
    longer the more was logged, and fails when a function logs a line meanwhile."""

    def same(self: BaseBackend, _memo: dict[int, Any]) -> BaseBackend:
        return self

    BaseBackend.__deepcopy__ = same  # type: ignore[attr-defined]


def _run_functions_on_invoke(runtime: LambdaRuntime) -> None:
    def invoke(self: LambdaResponse) -> tuple[int, dict[str, str], bytes]:
        response = invoke_api.invoke(
            runtime,
            unquote(self.path.rsplit("/", 2)[-2]),
            self.querystring.get("Qualifier", [None])[0],
            self.headers.get("X-Amz-Invocation-Type", "RequestResponse"),
            self.body.encode() if isinstance(self.body, str) else self.body,
        )
        return response.status, {"status": str(response.status), **dict(response.headers)}, response.body

    def invoke_for_a_queue(
        self: LambdaSimpleBackend,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: dict[str, str],
    ) -> bytes:
        invocation = runtime.invoke(function_name, qualifier, lambda _request_id: json.loads(body))
        if invocation.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        return json.dumps(invocation.value).encode()

    def invoke_for_a_subscription(
        self: LambdaFunction,
        body: str,
        request_headers: Any,
        response_headers: Any,
    ) -> bytes:
        qualifier = None if self.version == LATEST else str(self.version)
        invocation = runtime.invoke(self.function_name, qualifier, lambda _request_id: json.loads(body))
        return json.dumps(invocation.value).encode()

    LambdaResponse.invoke = invoke  # type: ignore[method-assign]
    LambdaSimpleBackend.invoke = invoke_for_a_queue  # type: ignore[method-assign]
    LambdaFunction.invoke = invoke_for_a_subscription  # type: ignore[method-assign]


def _never_reuse_version_numbers() -> None:
    publish = LambdaStorage.publish_version

    def publish_version(self: LambdaStorage, name_or_arn: str, description: str = "") -> LambdaFunction | None:
        function = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        entry = self._functions[function.function_name]
        known = {id(version) for version in entry["versions"]}
        published = publish(self, name_or_arn, description)
        if published is not None and id(published) not in known:
            entry["last_version"] = number = entry.get("last_version", 0) + 1
            published.set_version(number)
            for version in entry["versions"]:
                self._arns[version.function_arn] = version
        return published

    LambdaStorage.publish_version = publish_version  # type: ignore[method-assign]


def _keep_versions_that_aliases_point_to() -> None:
    delete = LambdaStorage.del_function

    def del_function(self: LambdaStorage, name_or_arn: str, qualifier: str | None = None) -> None:
        if qualifier is not None and qualifier != LATEST:
            function = self.get_function_by_name_or_arn_with_qualifier(name_or_arn, qualifier)
            version = str(function.version)
            for alias in self._get_function_aliases(function.function_name).values():
                if version == alias.function_version or version in _additional_weights(alias):
                    raise _ResourceConflict(
                        f"Version {version} is currently referenced by alias '{alias.name}'; it cannot be deleted"
                    )
        delete(self, name_or_arn, qualifier)

    LambdaStorage.del_function = del_function  # type: ignore[method-assign]
