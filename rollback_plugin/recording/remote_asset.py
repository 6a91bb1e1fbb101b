"""Assets that a program names by an address: the engine fetched them, and nobody kept the bytes."""

from urllib.parse import urlsplit

from rollback_plugin.errors import InvalidConfiguration

# Those that the engine itself fetches (sdk/go/common/resource/asset/asset.go and archive/archive.go: readURI).
SCHEMES = ("http", "https", "file")
LARGEST_BYTES = 512 * 1024 * 1024
SECONDS_WITHOUT_AN_ANSWER = 30


def fetch(address: str) -> bytes:
    """What is at an address now, which may be something else than what the engine found there.

    Raises `InvalidConfiguration`, which doesn't repeat the address: it may be signed.
    """
    # Imported late: HTTP and TLS take long to load, and few programs have such assets.
    from urllib.error import URLError
    from urllib.request import urlopen

    scheme = urlsplit(address).scheme
    if scheme not in SCHEMES:
        raise InvalidConfiguration(f"An asset at an address with {scheme!r} can't be fetched; with {SCHEMES} it can.")
    try:
        with urlopen(address, timeout=SECONDS_WITHOUT_AN_ANSWER) as answer:  # noqa: S310 - the schemes are checked
            data: bytes = answer.read(LARGEST_BYTES + 1)
    except (URLError, OSError, ValueError) as error:
        raise InvalidConfiguration(
            f"An asset could not be fetched from where the program says ({type(error).__name__}). See that the address"
            " can be reached from here, or keep the file beside the program."
        ) from None
    if len(data) > LARGEST_BYTES:
        raise InvalidConfiguration(f"An asset at an address is larger than the {LARGEST_BYTES} bytes that are kept.")
    return data
