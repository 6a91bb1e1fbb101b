"""From a URL, as Pulumi takes it for a backend, to the store there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rollback_plugin.errors import InvalidConfiguration
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.store.shown import shown

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def open_store(
    url: str, environ: Mapping[str, str], on_client: Callable[[S3Client], None] = lambda client: None
) -> ObjectStore:
    """The store at `url`; nothing is asked of it yet. `on_client` is told of the AWS client made for it, if one is.

    `url` is a path, `file://` and a path (`~` is the home folder, a relative one starts at the current folder), or
    `s3://bucket/prefix?parameters` with the parameters Pulumi's backend URLs have: `region`, `profile`, `endpoint`,
    `disableSSL` or `disable_https`, `s3ForcePathStyle` or `use_path_style`, `ssetype`, `kmskeyid`, `accelerate`,
    `dualstack`, `fips` (gocloud.dev `aws.go` and `blob/s3blob`; how the older spellings are read:
    `translateLegacyS3Params` in Pulumi's pkg/backend/diy/backend.go).

    AWS keys, profile, region and endpoint are taken from `environ`; whatever it doesn't say, boto3 finds as everywhere.
    Raises `InvalidConfiguration`; for S3 with a profile that doesn't exist also `MissingCredentials`.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        return FolderStore(_folder(url, environ))
    if scheme == "file":
        return FolderStore(_folder(unquote(url.removeprefix("file://").partition("?")[0]), environ))
    if scheme == "s3":
        # boto3 takes a quarter of a second to import, and whoever keeps state in a folder doesn't need it.
        from rollback_plugin.store.s3_url import open_s3_store

        return open_s3_store(url, environ, on_client)
    raise InvalidConfiguration(
        f"A store can't be kept at {shown(url)}: {scheme}:// is not known here. Use a folder (file:///srv/rollback) "
        "or an S3 bucket (s3://bucket/prefix) with: pulumi config set rollback:store <url>."
    )


def _folder(path: str, environ: Mapping[str, str]) -> Path:
    if not path:
        raise InvalidConfiguration("A store's URL names no folder. Write file:// and a path: file:///srv/rollback.")
    if path == "~" or path.startswith("~/"):
        home = environ.get("HOME")
        return (Path(home) if home else Path.home()) / path[2:]
    return Path(path).absolute()
