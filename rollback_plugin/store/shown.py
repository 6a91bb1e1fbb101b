"""Places as messages may name them."""

from urllib.parse import urlsplit


def shown(url: str) -> str:
    """A URL as messages may show it: without parameters, and without a user or password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
