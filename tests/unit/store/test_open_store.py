"""Which store a URL means."""

from pathlib import Path

import pytest

from rollback_plugin.errors import InvalidConfiguration, MissingCredentials
from rollback_plugin.store import open_store

ENVIRONMENT = {"HOME": "/home/somebody", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/srv/rollback", "file:///srv/rollback"),
        ("file:///srv/rollback", "file:///srv/rollback"),
        ("file:///srv/rollback?no_tmp_dir=true", "file:///srv/rollback"),
        ("file:///srv/with%20space", "file:///srv/with space"),
        ("file://~", "file:///home/somebody"),
        ("file://~/state", "file:///home/somebody/state"),
        ("~/state", "file:///home/somebody/state"),
        ("file://./state", f"file://{Path.cwd()}/state"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket/prefix/below/", "s3://bucket/prefix/below"),
        ("s3://bucket/prefix?region=eu-central-1&awssdk=v2", "s3://bucket/prefix"),
        ("s3://bucket?endpoint=127.0.0.1:1&s3ForcePathStyle=true&disableSSL=true", "s3://bucket"),
        ("s3://bucket?ssetype=aws:kms&kmskeyid=alias/state", "s3://bucket"),
    ],
)
def test_given_a_url_then_the_store_is_where_pulumi_would_look(url: str, location: str) -> None:
    assert open_store(url, ENVIRONMENT).location == location


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("gs://bucket", "gs:// is not known here"),
        ("https://api.pulumi.com", "https:// is not known here"),
        ("", "names no folder"),
        ("file://", "names no folder"),
        ("s3://", "names no S3 bucket"),
        ("s3:///prefix", "names no S3 bucket"),
        ("s3://bucket?regoin=eu-central-1", "not known here: regoin"),
        ("s3://bucket?disableSSL=perhaps", "disableSSL=perhaps"),
        ("s3://bucket?ssetype=rot13", "ssetype=rot13"),
        ("s3://bucket?endpoint=not an address", "endpoint"),
    ],
)
def test_given_a_url_that_means_nothing_then_the_message_says_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(InvalidConfiguration, match=said):
        open_store(url, ENVIRONMENT)


def test_given_a_profile_that_does_not_exist_then_credentials_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    with pytest.raises(MissingCredentials, match="nobody"):
        open_store("s3://bucket?profile=nobody", ENVIRONMENT)


def test_a_user_and_password_in_a_url_are_not_repeated() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        open_store("ftp://user:hunter2@host/path?token=hunter2", ENVIRONMENT)

    assert "hunter2" not in str(caught.value)
