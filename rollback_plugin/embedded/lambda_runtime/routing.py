"""Which version an alias sends a request to.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html: an alias points to one version and may
send a weighted share of its traffic to one other.
"""

from collections.abc import Mapping


def choose_version(function_version: str, additional_version_weights: Mapping[str, float], draw: float) -> str:
    """The version for one request.

    `additional_version_weights` maps versions to shares between 0 and 1; what they leave goes to `function_version`.
    `draw` is uniformly random in [0, 1).
    """
    threshold = 0.0
    for version, weight in sorted(additional_version_weights.items()):
        threshold += weight
        if draw < threshold:
            return version
    return function_version
