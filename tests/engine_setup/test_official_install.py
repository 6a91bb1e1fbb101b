"""How the official installer is run: reachable or not, all or nothing, and away from the user's home.

The installer itself is a double here (it needs the internet); what is real is the request that asks whether it can be
reached, the process it runs in and the files it leaves.
"""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from engine import install

pytestmark = pytest.mark.embedded


class InstallerPage(BaseHTTPRequestHandler):
    """Answers 200 for /install.sh and 403 for anything else."""

    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/install.sh" else 403)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Keep the server's log out of the test's output."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), InstallerPage)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def installer(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH with a `pulumi.automation` whose installer the test writes."""
    package = tmp_path / "packages" / "pulumi"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return package / "automation.py"


def run(installer: Path, root: Path) -> None:
    install.install_official(root, {"PATH": os.defpath, "PYTHONPATH": str(installer.parent.parent), "HOME": "/users"})


def test_a_delivered_engine_is_there_as_a_whole_and_the_users_home_is_not_the_installers(
    installer: Path, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "OFFICIAL_INSTALLER", f"{site}/install.sh")
    installer.write_text(
        "import os; from pathlib import Path\n"
        "class PulumiCommand:\n"
        "    @staticmethod\n"
        "    def install(root):\n"
        "        (Path(root) / 'bin').mkdir(parents=True)\n"
        "        (Path(root) / 'bin' / 'pulumi').write_text(os.environ['HOME'] + os.environ['PULUMI_HOME'])\n"
        "        (Path.home() / '.profile').touch()\n"
    )
    root = tmp_path / "cache" / "3.272.0"

    run(installer, root)

    assert "/users" not in (root / "bin" / "pulumi").read_text()
    assert list(root.parent.iterdir()) == [root]


def test_an_installer_that_fails_leaves_nothing_and_its_last_word_is_the_reason(
    installer: Path, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "OFFICIAL_INSTALLER", f"{site}/install.sh")
    installer.write_text(
        "from pathlib import Path\n"
        "class PulumiCommand:\n"
        "    @staticmethod\n"
        "    def install(root):\n"
        "        (Path(root) / 'bin').mkdir(parents=True)\n"
        "        raise OSError('no space left')\n"
    )
    root = tmp_path / "cache" / "3.272.0"

    with pytest.raises(install.OfficialInstallError, match="no space left"):
        run(installer, root)

    assert list(root.parent.iterdir()) == []


@pytest.mark.parametrize("address", ["{site}/refused", "http://127.0.0.1:1/install.sh"])
def test_an_installer_that_cannot_be_reached_is_not_run(
    installer: Path, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(install, "OFFICIAL_INSTALLER", address.format(site=site))
    installer.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")

    with pytest.raises(install.OfficialInstallError):
        run(installer, tmp_path / "cache" / "3.272.0")

    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "cache").exists()
