"""From a model to what a person would have written: the source of a Pulumi program, and the files beside it."""

import hashlib
import io
import zipfile
from collections.abc import Iterator

from tests.equivalence.kinds import KINDS
from tests.equivalence.model import (
    Alias,
    Attribute,
    Concatenation,
    Expression,
    FileOf,
    FolderOf,
    JsonText,
    ListOf,
    Literal,
    MapOf,
    MembersOf,
    Numbers,
    Options,
    ProgramModel,
    Resource,
    SecretValue,
    TextOf,
    ZipOf,
)
from tests.replay.deployed_stack import Program

HEADER = "import hashlib\nimport pulumi\nimport pulumi_aws as aws\nfrom pulumi import ResourceOptions\n"
GROUP = """
class Group(pulumi.ComponentResource):
    def __init__(self, name, properties, opts=None):
        super().__init__("generated:index:Group", name, properties, opts)
"""


def rendered(model: ProgramModel, *, tracked: bool) -> Program:
    """The program as source and files."""
    writing = _Writing()
    lines = [writing.resource(resource) for resource in model.resources]
    for resource in model.resources:
        if resource.kind == "group":
            children = [child for child in model.resources if child.options.parent == resource.key]
            outputs = ", ".join(f'"{child.name}": {_output_of(child)}' for child in children)
            lines.append(f"{_variable(resource.key)}.register_outputs({{{outputs}}})")
    lines.extend(f"pulumi.export({name!r}, {writing.expression(value)})" for name, value in model.outputs)
    groups = GROUP if any(resource.kind == "group" for resource in model.resources) else ""
    header = HEADER + ("from rollback_plugin import track\n\ntrack()\n" if tracked else "")
    return Program(header + groups + "\n" + "\n".join(lines) + "\n", writing.files)


def _variable(key: int) -> str:
    return f"r{key}"


def _output_of(child: Resource) -> str:
    attributes = KINDS[child.kind].attributes
    return f"{_variable(child.key)}.{attributes[0]}" if attributes else "None"


class _Writing:
    def __init__(self) -> None:
        self.files: dict[str, str | bytes] = {}

    def resource(self, resource: Resource) -> str:
        kind = KINDS[resource.kind]
        inputs = {name: self.expression(value) for name, value in resource.inputs}
        options = ", ".join(_options(resource.options))
        opts = [f"opts=ResourceOptions({options})"] if options else []
        if resource.kind == "group":
            properties = ", ".join(f"{name!r}: {value}" for name, value in inputs.items())
            given = [f"{{{properties}}}"]
        elif kind.read_by:
            given = [inputs.pop(kind.read_by), *(f"{name}={value}" for name, value in inputs.items())]
        else:
            given = [f"{name}={value}" for name, value in inputs.items()]
        arguments = ", ".join([repr(resource.name), *given, *opts])
        return f"{_variable(resource.key)} = {kind.constructor}({arguments})"

    def expression(self, expression: Expression) -> str:
        match expression:
            case Literal(value):
                return repr(value)
            case Numbers(count):
                return f"list(range({count}))"
            case Attribute(key, name, function):
                output = f"{_variable(key)}.{name}"
                return f"{output}.apply({function})" if function else output
            case Concatenation(parts):
                return f"pulumi.Output.concat({', '.join(self.expression(part) for part in parts)})"
            case JsonText(content):
                return f"pulumi.Output.json_dumps({self.expression(content)})"
            case SecretValue(content):
                return f"pulumi.Output.secret({self.expression(content)})"
            case ListOf(items):
                return f"[{', '.join(self.expression(item) for item in items)}]"
            case MapOf(members):
                return f"{{{', '.join(f'{name!r}: {self.expression(item)}' for name, item in members)}}}"
            case _:
                return self._asset(expression)

    def _asset(self, asset: FileOf | TextOf | FolderOf | ZipOf | MembersOf) -> str:
        name = hashlib.sha256(repr(asset).encode()).hexdigest()[:6]
        match asset:
            case TextOf(content):
                return f"pulumi.StringAsset({content!r})"
            case FileOf(content):
                self.files[f"{name}.txt"] = content
                return f"pulumi.FileAsset({f'{name}.txt'!r})"
            case FolderOf(files):
                self.files.update({f"{name}/{member}": content for member, content in files})
                return f"pulumi.FileArchive({f'./{name}'!r})"
            case ZipOf(files):
                self.files[f"{name}.zip"] = _zip(files)
                return f"pulumi.FileArchive({f'{name}.zip'!r})"
            case MembersOf(members):
                listed = ", ".join(f"{member!r}: {self._asset(part)}" for member, part in members)
                return f"pulumi.AssetArchive({{{listed}}})"


def _zip(files: tuple[tuple[str, str], ...]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _options(options: Options) -> Iterator[str]:
    if options.parent is not None:
        yield f"parent={_variable(options.parent)}"
    if options.provider is not None:
        yield f"provider={_variable(options.provider)}"
    if options.depends_on:
        yield f"depends_on=[{', '.join(_variable(key) for key in options.depends_on)}]"
    if options.deleted_with is not None:
        yield f"deleted_with={_variable(options.deleted_with)}"
    for flag in ("protect", "retain_on_delete", "delete_before_replace"):
        if getattr(options, flag):
            yield f"{flag}=True"
    for names in ("ignore_changes", "replace_on_changes", "additional_secret_outputs"):
        if getattr(options, names):
            yield f"{names}={list(getattr(options, names))!r}"
    if options.timeout_minutes:
        yield f'custom_timeouts=pulumi.CustomTimeouts(create="{options.timeout_minutes}m", delete="90s")'
    if options.aliases:
        yield f"aliases=[{', '.join(_alias(alias) for alias in options.aliases)}]"


def _alias(alias: Alias) -> str:
    parent = "pulumi.ROOT_STACK_RESOURCE" if alias.parent is None else _variable(alias.parent)
    return f"pulumi.Alias(name={alias.name!r}, parent={parent})"
