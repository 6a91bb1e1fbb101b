"""What a program names by an address comes back from the bytes that were kept, when nothing is there any more."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rollback_plugin.embedded import EmbeddedAws
from tests.replay.deployed_stack import DeployedStack, Program

pytestmark = [pytest.mark.engine, pytest.mark.embedded]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address it is served at."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_address_that_is_gone_is_not_needed(
    stack: DeployedStack, aws: EmbeddedAws, served: tuple[Path, str]
) -> None:
    folder, address = served

    def program(name: str) -> Program:
        (folder / name).write_text(f"<h1>{name}</h1>")
        return Program(
            f"""
import pulumi
import pulumi_aws as aws
bucket = aws.s3.Bucket("site")
aws.s3.BucketObjectv2("page", bucket=bucket.id, key="page", source=pulumi.RemoteAsset("{address}/{name}"))
pulumi.export("bucket", bucket.id)
"""
        )

    before = stack.deploy(program("first.html"))
    stack.deploy(program("second.html"))
    (folder / "first.html").unlink()

    stack.replay().apply(before, "operation-1", "rollback")

    page = aws.client("s3").get_object(Bucket=stack.outputs()["bucket"], Key="page")["Body"].read()
    assert page == b"<h1>first.html</h1>"
    stack.must_be(program("first.html"))
