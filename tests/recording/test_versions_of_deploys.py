"""A plain `pulumi up` of a program that calls track(), then record: nothing is lost that a rollback needs."""

import io
import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import AssetForm
from tests.recording.project import COMPONENT, STACK, TRACKED, TrackedProject

pytestmark = pytest.mark.engine

SECRET = "hunter2-of-the-shop"
FUNCTION = TRACKED + 'Thing("function", code=pulumi.FileArchive("app"), size={size})\npulumi.export("size", {size})\n'


def exported(project: TrackedProject) -> Checkpoint:
    return Checkpoint.parse(project.pulumi("stack", "export", "--stack", STACK).stdout.encode())


def unpacked(tar: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]


def test_two_deploys_are_two_versions_with_their_states_and_bytes(project_anywhere: TrackedProject) -> None:
    project = project_anywhere
    states = []
    for size in (1, 2):
        project.write("app/handler.py", f"size = {size}\n")
        project.up(FUNCTION.format(size=size))
        states.append(exported(project))
        shutil.rmtree(project.root / "app")

    result = project.record()

    archive = project.archive()
    assert (result.sealed, result.warnings) == ((1, 2), ())
    for number, state in enumerate(states, start=1):
        assert archive.checkpoint(number).resources == state.resources
        ((hash_, kept),) = archive.read(number).assets.items()
        assert kept.form is AssetForm.TAR
        assert unpacked(archive.blobs.read(hash_)) == {"handler.py": f"size = {number}\n".encode()}
    digests = [archive.read(number).content_digest for number in (1, 2)]
    assert None not in digests
    assert len(set(digests)) == 2


AWKWARD_NAMES = (
    "a.txt",
    "a/b.txt",
    "a-b/c",
    "é/ü.txt",
    "n" * 120,
    "p" * 90 + "/" + "q" * 90,
    "p" * 90 + "/" + "q" * 60 + "/" + "r" * 60 + "/s",
    "m" * 200 + "/n",
    "y" * 98 + "/é" + "z" * 20,
    "y" * 99 + "/é" + "z" * 20,
    ".pulumi/left/out",
    "empty",
)
EVERY_KIND = (
    TRACKED
    + """
Thing(
    "everything",
    file=pulumi.FileAsset("folder/a.txt"),
    folder=pulumi.FileArchive("folder"),
    linked=pulumi.FileArchive("link-to-folder"),
    zipped=pulumi.FileArchive("code.zip"),
    tarred=pulumi.FileArchive("code.tar.gz"),
    text=pulumi.StringAsset("hello"),
    nothing=pulumi.AssetArchive({}),
    later=pulumi.Output.from_input("folder/a").apply(pulumi.FileArchive),
    listed=[{"deep": pulumi.FileAsset("folder/empty")}],
    mixed=pulumi.AssetArchive({
        "b/x.txt": pulumi.StringAsset("t"),
        "a.txt": pulumi.FileAsset("folder/a.txt"),
        "a": pulumi.FileArchive("folder"),
        "zipped": pulumi.FileArchive("code.zip"),
        "tarred": pulumi.FileArchive("code.tar.gz"),
        "nested": pulumi.AssetArchive({"../up": pulumi.StringAsset("u"), "zipped": pulumi.FileArchive("code.zip")}),
    }),
)
"""
)


def test_every_kind_of_asset_is_kept_under_the_hash_the_engine_computes(project: TrackedProject) -> None:
    for index, name in enumerate(AWKWARD_NAMES):
        project.write(f"folder/{name}", "x" * (index * 311))
    (project.root / "folder" / "link-to-file").symlink_to("a.txt")
    (project.root / "folder" / "link-to-inner").symlink_to("a")
    (project.root / "link-to-folder").symlink_to("folder")
    with zipfile.ZipFile(project.root / "code.zip", "w") as archive:
        archive.mkdir("inside")
        archive.writestr("inside/b", "b")
        archive.writestr("a", "a")
    with tarfile.open(project.root / "code.tar.gz", "w:gz") as tar:
        tar.add(project.root / "folder" / "a", "./inside")
    project.up(EVERY_KIND)
    for path in ("folder", "link-to-folder", "code.zip", "code.tar.gz"):
        shutil.rmtree(project.root / path) if path == "folder" else (project.root / path).unlink()

    result = project.record()

    assert result.warnings == ()
    assets = project.archive().checkpoint(1).assets()
    assert {asset.property_text for asset in assets if asset.needs_bytes} == {
        "file", "folder", "linked", "zipped", "tarred", "nothing", "later", "listed[0].deep", "mixed",
    }  # fmt: skip
    assert set(project.archive().read(1).assets) == {asset.hash for asset in assets if asset.needs_bytes}


def test_without_track_record_takes_what_is_still_the_same_from_the_folder(
    project: TrackedProject,
) -> None:
    project.write("same.txt", "same")
    project.write("changed.txt", "before")
    project.up(COMPONENT + 'Thing("t", a=pulumi.FileAsset("same.txt"), b=pulumi.FileAsset("changed.txt"))\n')
    project.write("changed.txt", "after")

    result = project.record(in_folder=True)

    version = project.archive().read(1)
    assert [project.archive().blobs.read(hash_) for hash_ in version.assets] == [b"same"]
    assert [missing.path for missing in version.missing_assets] == ["changed.txt"]
    assert version.content_digest is None
    assert ["changed.txt" in warning for warning in result.warnings] == [True]


def test_no_secret_is_kept_in_clear(project: TrackedProject) -> None:
    project.write(".env", f"TOKEN={SECRET}\n")
    project.write("plain.txt", "not secret")
    project.pulumi("config", "set", "--stack", STACK, "--secret", "token", SECRET)
    project.pulumi("config", "set", "--stack", STACK, "--secret", "--path", "deep.token", SECRET)
    ended = project.up(
        TRACKED
        + """
token = pulumi.Config().require_secret("token")
Thing(
    "t",
    token=token,
    where=pulumi.Output.format("https://{0}@example.com", token),
    plain=pulumi.FileAsset("plain.txt"),
    asset=token.apply(pulumi.StringAsset),
    archive=token.apply(lambda text: pulumi.AssetArchive({"t": pulumi.StringAsset(text)})),
)
pulumi.export("token", token)
"""
    )

    result = project.record(in_folder=True)

    assert SECRET not in ended.said
    assert "asset of test:index:Thing t is a secret asset" in ended.said
    assert SECRET not in repr(result)
    bundle = project.archive().read(1).source
    assert bundle is not None
    assert bundle.left_out == (".env",)
    stored = project.stored()
    for key, data in stored.items():
        opened = zstandard.ZstdDecompressor().decompress(data) if data[:4] == b"\x28\xb5\x2f\xfd" else data
        assert SECRET.encode() not in opened, key
    assert any(b"not secret" in data for data in stored.values()), "or nothing was searched"


def test_a_program_that_fails_half_way_leaves_a_version_with_all_it_deployed(project: TrackedProject) -> None:
    project.write("app.txt", "deployed")
    project.up(
        TRACKED
        + """
async def fail():
    raise RuntimeError("half-way")

first = Thing("first", code=pulumi.FileAsset("app.txt"))
pulumi.export("second", first.urn.apply(lambda _: fail()))
""",
        succeeds=False,
    )
    (project.root / "app.txt").unlink()

    result = project.record()

    version = project.archive().read(1)
    assert (result.sealed, version.succeeded) == ((1,), False)
    assert [project.archive().blobs.read(hash_) for hash_ in version.assets] == [b"deployed"]
    assert version.content_digest is not None
    assert version.source is not None


def test_refresh_makes_no_version_and_destroy_one_that_nobody_goes_back_to(project: TrackedProject) -> None:
    project.up(FUNCTION.replace('code=pulumi.FileArchive("app"), ', "").format(size=1))
    project.pulumi("refresh", "--yes", "--stack", STACK)
    project.pulumi("destroy", "--yes", "--stack", STACK)

    result = project.record()

    assert result.sealed == (1, 2)
    assert project.archive().read(2).kind == "destroy"
    assert (project.status().applied, str(project.status().version(2).verdict)) == (2, "destroyed")


def test_what_the_engine_adds_to_a_checkpoint_survives(project: TrackedProject) -> None:
    project.write("app/handler.py", "1")
    project.up(FUNCTION.format(size=1))
    project.record()
    (state,) = Path(project.environment["PULUMI_BACKEND_URL"].removeprefix("file://")).glob(
        ".pulumi/history/shop/dev/*.checkpoint.json"
    )

    assert project.archive().checkpoint(1).document == json.loads(state.read_bytes())


TRANSFORMED = """
def swapped(arguments):
    if arguments.name != "thing":
        return None
    return pulumi.ResourceTransformResult({**arguments.props, "code": pulumi.FileAsset("used.txt")}, arguments.opts)
"""


@pytest.mark.parametrize(
    "transforms",
    [
        pytest.param("pulumi.runtime.register_resource_transform(swapped)\ntrack()\n{thing}", id="before track()"),
        pytest.param("track()\npulumi.runtime.register_resource_transform(swapped)\n{thing}", id="after it"),
        pytest.param("track()\n{thing_with_transform}", id="of one resource"),
    ],
)
def test_of_what_a_transform_makes_the_bytes_are_kept(project: TrackedProject, transforms: str) -> None:
    project.write("given.txt", "given")
    project.write("used.txt", "used")
    thing = 'Thing("thing", {opts}code=pulumi.FileAsset("given.txt"))\n'
    component = COMPONENT.replace("**inputs", "opts=None, **inputs").replace("name, inputs)", "name, inputs, opts)")
    program = transforms.format(
        thing=thing.format(opts=""),
        thing_with_transform=thing.format(opts="opts=pulumi.ResourceOptions(transforms=[swapped]), "),
    )

    project.up(component + TRANSFORMED + program)
    (project.root / "used.txt").unlink()
    result = project.record()

    assert result.warnings == ()
    version = project.archive().read(1)
    assert [project.archive().blobs.read(hash_) for hash_ in version.assets] == [b"used"]


REMOTE_COMPONENT = """
import sys
import pulumi
import pulumi.provider

class Part(pulumi.ComponentResource):
    def __init__(self, name, parent):
        code = pulumi.FileAsset("{code}")
        options = pulumi.ResourceOptions(parent=parent, delete_before_replace=True)
        super().__init__("parts:index:Part", name, {{"code": code}}, options)

class Whole(pulumi.ComponentResource):
    def __init__(self, name, options):
        super().__init__("parts:index:Whole", name, {{}}, options)
        Part(name + "-part", self)

class Parts(pulumi.provider.Provider):
    def construct(self, name, resource_type, inputs, options=None):
        return pulumi.provider.ConstructResult(Whole(name, options).urn, {{}})

pulumi.provider.main(Parts("1.0.0"), sys.argv[1:])
"""


def test_of_the_children_of_a_remote_component_bytes_and_options_are_kept(project: TrackedProject) -> None:
    code = project.write("part.txt", "of a part")
    plugin = Path(project.environment["PULUMI_HOME"]) / "plugins" / "resource-parts-v1.0.0"
    plugin.mkdir(parents=True)
    (plugin / "parts.py").write_text(REMOTE_COMPONENT.format(code=code))
    program = plugin / "pulumi-resource-parts"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{plugin}/parts.py" "$@"\n')
    program.chmod(0o755)
    project.up(
        TRACKED
        + 'options = pulumi.ResourceOptions(version="1.0.0")\n'
        + 'pulumi.ComponentResource("parts:index:Whole", "whole", {}, options, remote=True)\n'
    )
    code.unlink()

    result = project.record()

    assert result.warnings == ()
    version = project.archive().read(1)
    assert [project.archive().blobs.read(hash_) for hash_ in version.assets] == [b"of a part"]
    links = project.archive().links(version)
    (options,) = [known for urn, known in links.resources.items() if urn.endswith("::whole-part")]
    assert options.delete_before_replace is True
