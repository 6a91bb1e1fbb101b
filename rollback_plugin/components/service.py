"""What every kind of service has in common: it is versioned, and it says in the checkpoint how it is judged."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from rollback_plugin.stored import plain
from rollback_plugin.versions.service import Policy

_PACKAGE = "rollback-plugin"


class ServiceComponent(pulumi.ComponentResource):
    """Base of all service components; a subclass names the kind by its own name and ends with `declare_service`.

    Composing one makes the stack's deploys versions: it calls `track()` before anything is registered.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None) -> None:
        from rollback_plugin.recording.track import track

        track()
        self._service_name = name
        super().__init__(f"{_PACKAGE}:index:{type(self).__name__}", name, None, opts)

    def declare_service(
        self,
        *,
        outputs: Mapping[str, pulumi.Input[Any] | None],
        alarms: Sequence[pulumi.Input[str]],
        interface: Mapping[str, pulumi.Input[str]],
        policy: Policy,
        traffic: Mapping[str, pulumi.Input[str]],
    ) -> None:
        """Register the component's outputs and, beside them, `service`: the record that versions keep.

        outputs: by the name other Pulumi languages see (camelCase).
        alarms: names of the CloudWatch alarms that judge the service.
        interface: what consumers are promised, by name.
        traffic: the fields of the traffic record in `rollback_plugin.versions.service` that fits the kind.
        """
        self.register_outputs(
            {
                **outputs,
                "service": {
                    "name": self._service_name,
                    "kind": type(self).__name__,
                    "alarms": list(alarms),
                    "interface": dict(interface),
                    "policy": {key: value for key, value in plain(policy).items() if value is not None},
                    "traffic": dict(traffic),
                },
            }
        )
