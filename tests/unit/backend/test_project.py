"""Which project, stack, backend and store are meant, by the rules of the pulumi command."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rollback_plugin.backend.project import Project, known_store, open_project
from rollback_plugin.errors import (
    InvalidConfiguration,
    NoStackSelected,
    NotAPulumiProject,
    NotLoggedIn,
    UnsupportedBackend,
)
from rollback_plugin.stack import StackName


class Machine:
    """A person's folders: a project, a PULUMI_HOME, and two backends with the stacks dev and prod."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "project"
        self.folder.mkdir()
        self.environment = {"HOME": str(root), "PULUMI_HOME": str(root / "pulumi-home")}
        self.write_project("name: shop\nruntime: python\n")
        for backend in ("state", "other"):
            stacks = root / backend / ".pulumi" / "stacks" / "shop"
            stacks.mkdir(parents=True)
            (stacks.parent.parent / "meta.yaml").write_text("version: 1\n")
            for stack in ("dev", "prod"):
                (stacks / f"{stack}.json").write_text("{}")

    @property
    def state(self) -> str:
        return f"file://{self.root}/state"

    def write_project(self, text: str) -> None:
        (self.folder / "Pulumi.yaml").write_text(text)

    def write_stack_config(self, text: str, name: str = "Pulumi.dev.yaml") -> None:
        (self.folder / name).write_text(text)

    def log_in(self, url: str) -> None:
        self.write_home("credentials.json", {"current": url, "accessTokens": {url: "hunter2"}})

    def select(self, settings: Mapping[str, object], project_file: Path | None = None) -> None:
        path = str(project_file or self.folder / "Pulumi.yaml")
        digest = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
        self.write_home(f"workspaces/shop-{digest}-workspace.json", settings)

    def write_home(self, name: str, document: object) -> None:
        file = self.root / "pulumi-home" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document if isinstance(document, str) else json.dumps(document))

    def open(
        self, stack: str | None = None, *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Project:
        return open_project(cwd or self.folder, stack, {**self.environment, **(environment or {})})


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def logged_in(machine: Machine) -> Machine:
    machine.log_in(machine.state)
    return machine


def test_a_project_is_found_from_any_folder_in_it(logged_in: Machine) -> None:
    below = logged_in.folder / "a" / "b"
    below.mkdir(parents=True)

    project = logged_in.open("dev", cwd=below)

    assert (project.root, project.name, project.runtime) == (logged_in.folder, "shop", "python")
    assert project.config_file == logged_in.folder / "Pulumi.dev.yaml"


def test_runtime_may_have_options(logged_in: Machine) -> None:
    logged_in.write_project("name: shop\nruntime:\n  name: nodejs\n  options: {packagemanager: npm}\n")

    assert logged_in.open("dev").runtime == "nodejs"


@pytest.mark.parametrize(
    ("login", "in_project", "in_environment", "expected"),
    [
        ("state", None, None, "state"),
        ("state", "other", None, "other"),
        ("state", "state", "other", "other"),
        (None, None, "other", "other"),
    ],
)
def test_the_environment_beats_the_project_and_the_project_the_login(
    machine: Machine, login: str | None, in_project: str | None, in_environment: str | None, expected: str
) -> None:
    if login:
        machine.log_in(f"file://{machine.root}/{login}")
    if in_project:
        machine.write_project(f"name: shop\nruntime: go\nbackend:\n  url: file://{machine.root}/{in_project}\n")
    environment = {"PULUMI_BACKEND_URL": f"file://{machine.root}/{in_environment}"} if in_environment else {}

    assert machine.open("dev", environment=environment).backend_url == f"file://{machine.root}/{expected}"


@pytest.mark.parametrize("url", ["file://~/state", "file://../state", "file://../project/../state"])
def test_a_backend_folder_is_made_absolute(machine: Machine, url: str) -> None:
    machine.log_in(url)

    assert machine.open("dev").backend_url == machine.state


def test_without_a_login_the_message_says_how(machine: Machine) -> None:
    with pytest.raises(NotLoggedIn, match="pulumi login"):
        machine.open("dev")


def test_an_unreadable_login_is_said_without_its_tokens(machine: Machine) -> None:
    machine.write_home("credentials.json", '{"current": 1, "accessTokens": "hunter2"}')

    with pytest.raises(NotLoggedIn, match=r"credentials\.json") as caught:
        machine.open("dev")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://api.pulumi.com", "gs://bucket", "azblob://container", "postgres://u:p@host/db"]
)
def test_other_backends_are_refused_with_those_that_work(machine: Machine, url: str) -> None:
    machine.log_in(url)

    with pytest.raises(UnsupportedBackend, match=r"file://.*s3://"):
        machine.open("dev")


@pytest.mark.parametrize(
    ("named", "environment", "selected", "expected"),
    [
        ("dev", {"PULUMI_STACK": "prod"}, "prod", "dev"),
        (None, {"PULUMI_STACK": "prod"}, "dev", "prod"),
        (None, {}, "prod", "prod"),
        (None, {}, "organization/shop/prod", "prod"),
        ("organization/dev", {}, None, "dev"),
        ("organization/shop/dev", {}, None, "dev"),
    ],
)
def test_a_named_stack_beats_the_environment_and_that_the_selection(
    logged_in: Machine, named: str | None, environment: dict[str, str], selected: str | None, expected: str
) -> None:
    if selected:
        logged_in.select({"stacks": {logged_in.state: selected}})

    assert logged_in.open(named, environment=environment).stack == StackName("shop", expected)


def test_the_selection_is_of_the_backend_in_use(logged_in: Machine) -> None:
    logged_in.select({"stack": "older", "stacks": {logged_in.state: "dev", f"file://{logged_in.root}/other": "prod"}})

    assert logged_in.open().stack.stack == "dev"
    assert logged_in.open(environment={"PULUMI_BACKEND_URL": f"file://{logged_in.root}/other"}).stack.stack == "prod"


def test_the_selection_of_an_older_cli_counts_for_every_backend(logged_in: Machine) -> None:
    logged_in.select({"stack": "prod"})

    assert logged_in.open().stack.stack == "prod"


def test_a_project_entered_by_a_link_has_the_selection_made_there(logged_in: Machine) -> None:
    link = logged_in.root / "link"
    link.symlink_to(logged_in.folder)
    logged_in.select({"stack": "prod"}, link / "Pulumi.yaml")

    assert logged_in.open(environment={"PWD": str(link)}).stack.stack == "prod"
    assert logged_in.open("dev", environment={"PWD": str(link)}).root == link


@pytest.mark.parametrize("environment", [{}, {"PULUMI_STACK": ""}], ids=["nothing selected", "emptied"])
def test_without_a_stack_the_message_names_those_there_are(logged_in: Machine, environment: dict[str, str]) -> None:
    if environment:
        logged_in.select({"stack": "prod"})

    with pytest.raises(NoStackSelected, match=r"dev, prod.*--stack"):
        logged_in.open(environment=environment)


def test_without_any_stack_the_message_says_how_to_make_one(logged_in: Machine) -> None:
    for file in (logged_in.root / "state" / ".pulumi" / "stacks" / "shop").iterdir():
        file.unlink()

    with pytest.raises(NoStackSelected, match=r"none yet.*pulumi stack init"):
        logged_in.open()


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("staging", "no stack staging of the project shop. It has: dev, prod"),
        ("organization/elsewhere/dev", "no stack dev of the project elsewhere. It has none"),
        ("acme/shop/dev", "organization/<project>/<stack>"),
        ("organization/shop/", "organization/<project>/<stack>"),
        ("a/b/c/d", "organization/<project>/<stack>"),
    ],
)
def test_a_stack_that_does_not_exist_is_said_so(logged_in: Machine, named: str, said: str) -> None:
    with pytest.raises(NoStackSelected, match=said):
        logged_in.open(named)


def test_the_store_lies_beside_the_state_unless_config_says_otherwise(logged_in: Machine) -> None:
    assert logged_in.open("dev").store_url == f"{logged_in.state}/.rollback"

    logged_in.write_project("name: shop\nruntime: go\nconfig:\n  rollback:store: file:///srv/for-all\n")
    assert logged_in.open("dev").store_url == "file:///srv/for-all"

    logged_in.write_project("name: shop\nruntime: go\nconfig:\n  rollback:store:\n    value: s3://for-all/stacks\n")
    assert logged_in.open("dev").store_url == "s3://for-all/stacks"

    logged_in.write_stack_config(
        "config:\n  rollback:store: s3://for-dev?region=eu-central-1\n  shop:since: 2026-01-01\n"
    )
    assert logged_in.open("dev").store_url == "s3://for-dev?region=eu-central-1"
    assert logged_in.open("prod").store_url == "s3://for-all/stacks"

    logged_in.write_stack_config("config:\n  rollback:store: file://./kept-here\n")
    assert logged_in.open("dev").store_url == f"file://{logged_in.folder}/kept-here"


def test_stack_config_may_lie_in_a_folder_of_its_own(logged_in: Machine) -> None:
    logged_in.write_project("name: shop\nruntime: go\nstackConfigDir: stacks\n")
    (logged_in.folder / "stacks").mkdir()
    logged_in.write_stack_config("config:\n  rollback:store: s3://for-dev\n", "stacks/Pulumi.dev.yaml")

    assert logged_in.open("dev").store_url == "s3://for-dev"


@pytest.mark.parametrize("value", ["{secure: v1:abc}", "[a]", "''"])
def test_a_store_that_is_no_plain_url_is_refused(logged_in: Machine, value: str) -> None:
    logged_in.write_stack_config(f"config:\n  rollback:store: {value}\n")

    with pytest.raises(InvalidConfiguration, match=r"rollback:store in .*Pulumi\.dev\.yaml"):
        logged_in.open("dev")


@pytest.mark.parametrize(
    ("project_file", "said"),
    [
        ("name: shop\n", "missing or of the wrong kind: runtime"),
        ("name: [shop\n", "no YAML at line"),
        ("", "name"),
        ("- a\n", "the whole file"),
    ],
)
def test_a_project_file_that_is_none_is_said_so(logged_in: Machine, project_file: str, said: str) -> None:
    logged_in.write_project(project_file)

    with pytest.raises(NotAPulumiProject, match=rf"Pulumi\.yaml can't be read: .*{said}"):
        logged_in.open("dev")


def test_a_folder_outside_any_project_is_said_so(logged_in: Machine) -> None:
    with pytest.raises(NotAPulumiProject, match=r"no Pulumi\.yaml.*--cwd"):
        logged_in.open("dev", cwd=logged_in.root)


def test_stack_config_that_is_no_yaml_is_said_without_its_text(logged_in: Machine) -> None:
    logged_in.write_stack_config("config:\n  shop:password: {secure: hunter2\n")

    with pytest.raises(InvalidConfiguration, match=r"Pulumi\.dev\.yaml can't be read") as caught:
        logged_in.open("dev")
    assert "hunter2" not in str(caught.value)


def test_a_selection_that_can_not_be_read_is_said_so(logged_in: Machine) -> None:
    logged_in.select({"stack": 5})

    with pytest.raises(NoStackSelected, match=r"workspace\.json.*pulumi stack select"):
        logged_in.open()


def test_the_store_of_all_stacks_is_that_of_the_selected_one(machine: Machine) -> None:
    machine.log_in(machine.state)
    machine.write_stack_config("config:\n  rollback:store: s3://elsewhere/there\n")

    assert known_store(machine.folder, "dev", machine.environment) == "s3://elsewhere/there"


def test_without_a_stack_the_store_of_all_lies_beside_the_backend(machine: Machine) -> None:
    in_project = known_store(machine.folder, None, {**machine.environment, "PULUMI_BACKEND_URL": machine.state})
    on_s3 = {**machine.environment, "PULUMI_BACKEND_URL": "s3://bucket/team?region=eu-central-1"}

    assert in_project == f"{machine.state}/.rollback"
    assert known_store(machine.root, None, on_s3) == "s3://bucket/team/.rollback?region=eu-central-1"


def test_a_stack_that_was_named_and_is_not_there_is_still_an_error(machine: Machine) -> None:
    machine.log_in(machine.state)

    with pytest.raises(NoStackSelected):
        known_store(machine.folder, "nope", machine.environment)


def test_without_project_and_backend_no_store_is_known(machine: Machine) -> None:
    with pytest.raises(NotAPulumiProject):
        known_store(machine.root, None, machine.environment)
