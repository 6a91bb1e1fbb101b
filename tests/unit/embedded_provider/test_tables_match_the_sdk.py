"""The property tables, held against pulumi_aws, whose classes are generated from the real provider's schema."""

import importlib
import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import _types

from rollback_plugin.embedded import provider
from rollback_plugin.embedded.provider.description import TAGS_ALL, Property, ResourceType
from rollback_plugin.embedded.provider.services import RESOURCE_TYPES

# Importing all of pulumi_aws evaluates its own deprecated aliases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws")

README = Path(provider.__file__).parent / "README.md"
TYPES = sorted(RESOURCE_TYPES.values(), key=lambda each: each.token)


@cache
def sdk_class(token: str) -> type[pulumi.CustomResource]:
    module, name = re.fullmatch(r"aws:(\w+)/\w+:(\w+)", token).groups()  # type: ignore[union-attr]
    python_module = importlib.import_module(f"pulumi_aws.{module}_" if module == "lambda" else f"pulumi_aws.{module}")
    resource: type[pulumi.CustomResource] = getattr(python_module, name)
    return resource


def sdk_arguments(token: str) -> type:
    module = inspect.getmodule(sdk_class(token))
    name = sdk_class(token).__name__
    arguments: type = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    return arguments


def sdk_inputs(token: str) -> set[str]:
    return set(_types.input_type_py_to_pulumi_names(sdk_arguments(token)).values())


def sdk_required(token: str) -> set[str]:
    names = _types.input_type_py_to_pulumi_names(sdk_arguments(token))
    parameters = inspect.signature(sdk_arguments(token)).parameters
    return {names[name] for name, each in parameters.items() if each.default is inspect.Parameter.empty}


def sdk_outputs(token: str) -> set[str]:
    properties_of: Any = _types._py_properties
    return {pulumi_name for _, pulumi_name, _ in properties_of(sdk_class(token))}


def input_names(resource: ResourceType) -> set[str]:
    return {each.name for each in resource.inputs} - {TAGS_ALL.name}


@pytest.mark.parametrize("resource", TYPES, ids=lambda each: each.token)
class TestEachType:
    def test_has_no_input_the_real_type_lacks(self, resource: ResourceType) -> None:
        assert input_names(resource) <= sdk_inputs(resource.token)

    def test_has_no_output_the_real_type_lacks(self, resource: ResourceType) -> None:
        assert {each.name for each in resource.properties} <= sdk_outputs(resource.token)

    def test_has_every_output_the_real_type_has_beyond_its_inputs(self, resource: ResourceType) -> None:
        computed_only = sdk_outputs(resource.token) - sdk_inputs(resource.token)

        assert computed_only - {each.name for each in resource.properties} == not_served(resource.token) & computed_only

    def test_requires_what_the_real_type_requires(self, resource: ResourceType) -> None:
        assert {each.name for each in resource.inputs if each.required} == sdk_required(resource.token)

    def test_is_regional_when_the_real_type_is(self, resource: ResourceType) -> None:
        assert resource.regional == ("region" in sdk_inputs(resource.token))

    def test_is_tagged_when_the_real_type_is(self, resource: ResourceType) -> None:
        assert resource.tagged == ("tagsAll" in sdk_outputs(resource.token))

    def test_lists_what_it_does_not_serve_in_the_readme(self, resource: ResourceType) -> None:
        served = {each.name for each in resource.properties}

        assert not_served(resource.token) == (sdk_inputs(resource.token) | sdk_outputs(resource.token)) - served

    def test_has_nested_tables_for_every_nested_object(self, resource: ResourceType) -> None:
        for each in _nested(resource.properties):
            assert each.fields, f"{resource.token}: {each.name}"


def _nested(properties: tuple[Property, ...]) -> list[Property]:
    objects = [each for each in properties if each.kind.name == "OBJECT"]
    objects += [each.element for each in properties if each.element is not None and each.element.kind.name == "OBJECT"]
    return objects + [inner for each in objects for inner in _nested(each.fields)]


@cache
def _readme_rows() -> dict[str, str]:
    rows = re.findall(r"^\| `(aws:[^`]+)` \| (.*?) \|$", README.read_text(), flags=re.MULTILINE)
    return dict(rows)


def not_served(token: str) -> set[str]:
    """The properties README.md says are not served."""
    return set(re.findall(r"`(\w+)`", _readme_rows().get(token, "")))
