"""By what a version is judged: the alarms and the bake time that its services, or the stack's config, ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import yaml
from msgspec import Meta

from rollback_plugin.stored import Misfit, fitted
from rollback_plugin.versions.service import Service
from rollback_plugin.versions.version import ConfigValue

ALARMS_KEY = "rollback:alarms"
BAKE_SECONDS_KEY = "rollback:bakeSeconds"
_Alarms = str | tuple[str, ...]
_Seconds = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What `deployed` says of a version."""

    bake_seconds: int = 0
    alarms: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What could not be read, as sentences."""


def judgement(services: Sequence[Service], config: Mapping[str, ConfigValue]) -> Judgement:
    """All services' alarms and the longest of their bake times; for a stack without any service, those in its config:
    `rollback:alarms` (a list of names, or one name) and `rollback:bakeSeconds`."""
    if services:
        judging = dict.fromkeys(alarm for service in services for alarm in service.alarms)
        return Judgement(max(service.policy.bake_seconds for service in services), tuple(judging))
    warnings: list[str] = []
    named = _read(config, ALARMS_KEY, _Alarms, "a list of CloudWatch alarm names", warnings)
    seconds = _read(config, BAKE_SECONDS_KEY, _Seconds, "a whole number of seconds", warnings)
    alarms = (named,) if isinstance(named, str) else named or ()
    return Judgement(seconds or 0, tuple(dict.fromkeys(alarms)), tuple(warnings))


def _read(config: Mapping[str, ConfigValue], key: str, of: Any, wanted: str, warnings: list[str]) -> Any:
    """A config value, structured or as text in JSON or YAML; None where there is none, or none that can be read."""
    if key not in config:
        return None
    if config[key].secret:
        warnings.append(f"Config {key} is secret, so it can't be read here. Set it again without --secret.")
        return None
    try:
        # JSON is YAML, too; plain text is a YAML scalar.
        return fitted(yaml.safe_load(config[key].value), of)
    except (yaml.YAMLError, Misfit):
        warnings.append(f"Config {key} is not {wanted}, so it counts as not set. Correct it and deploy again.")
        return None
